// OpenAI's own client, unchanged but for its base URL and key: answers, errors, retries. Its streams and its
// structured output are in files of their own.
import OpenAI, {
  APIConnectionTimeoutError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
  toFile,
} from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makePicture } from '../../src/images/pictures.fixture.js';
import {
  clientFetch,
  dataUri,
  lastInput,
  LLAVA,
  PHI,
  PICTURE,
  refusal,
  settleAndStartAnew,
  startClientsGateway,
  startFullGateway,
  untilAccepted,
  untilCancelled,
} from '../support/clients.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
let client: OpenAI;
beforeAll(async () => {
  gateway = await startClientsGateway();
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, fetch: clientFetch });
});
afterAll(() => gateway.close());
afterEach(() => settleAndStartAnew(gateway));

/** The usual legacy request. `image_urls` and `do_sample` are ours, so OpenAI's types do not know them. */
const seed = {
  model: PHI,
  prompt: 'Describe the image.',
  max_tokens: 1000,
  temperature: 0.7,
  image_urls: PICTURE,
  do_sample: true,
} satisfies OpenAI.CompletionCreateParamsNonStreaming & Record<string, unknown>;

const about = (url: string, model = PHI): OpenAI.ChatCompletionCreateParamsNonStreaming => ({
  model,
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is this?' },
        { type: 'image_url', image_url: { url, detail: 'auto' } },
      ],
    },
  ],
});
const question = about(PICTURE);

describe("OpenAI's client", () => {
  it('asks the usual question and reads the answer', async () => {
    const answer = await client.completions.create(seed);
    expect(answer.choices[0]?.text).toBe('A red bicycle.');
    expect(answer.choices[0]?.finish_reason).toBe('stop');
    expect(answer.usage?.prompt_tokens).toBe(5);
    expect(answer.object).toBe('text_completion');
    expect(answer._request_id).toMatch(/^req_/);
  });

  it('talks about a picture by its address', async () => {
    const answer = await client.chat.completions.create(question);
    expect(answer.choices[0]?.message).toEqual({
      role: 'assistant',
      content: 'A red bicycle.',
      refusal: null,
      annotations: [],
    });
    expect(answer).toMatchObject({ object: 'chat.completion', model: PHI });
    expect(answer.usage?.total_tokens).toBe(
      (answer.usage?.prompt_tokens ?? NaN) + (answer.usage?.completion_tokens ?? NaN),
    );
    expect(answer._request_id).toMatch(/^req_/);
    expect(lastInput(gateway)).toMatchObject({ image_urls: PICTURE });
  });

  it.each([PHI, LLAVA])('talks about a picture that it brings itself, with %s', async (model) => {
    const answer = await client.chat.completions.create(about(await dataUri(), model));
    expect(answer.choices[0]?.message.content).toBe('A red bicycle.');
    expect(JSON.stringify(lastInput(gateway))).toMatch(/data:image\/png;base64,|http:\/\/127\.0\.0\.1/);
  });

  it('talks about a picture that it has uploaded', async () => {
    const file = await client.files.create({
      file: await toFile(await makePicture('png'), 'a.png'),
      purpose: 'vision',
    });
    const answer = await client.chat.completions.create(about(file.id, LLAVA));
    expect(answer.choices[0]?.message.content).toBe('A red bicycle.');
    const listed: string[] = [];
    for await (const { id } of client.files.list()) listed.push(id);
    expect(listed).toEqual([file.id]);
    expect(await client.files.delete(file.id)).toMatchObject({ deleted: true });
    await expect(client.chat.completions.create(about(file.id, LLAVA))).rejects.toThrow(BadRequestError);
  });

  it('holds a conversation, with what the assistant said and with a system', async () => {
    const first = await client.chat.completions.create({
      ...question,
      messages: [{ role: 'system', content: 'You assess damages.' }, ...question.messages],
    });
    const message = first.choices[0]?.message;
    if (!message) throw new Error('no message');
    const second = await client.chat.completions.create({
      ...question,
      messages: [
        { role: 'developer', content: 'You assess damages.' },
        ...question.messages,
        message,
        { role: 'user', content: 'Which colour?' },
      ],
      max_completion_tokens: 100,
      stop: ['bicycle'],
    });
    expect(second.choices[0]).toMatchObject({ message: { content: 'A red ' }, finish_reason: 'stop' });
    const { prompt } = lastInput(gateway) as { prompt: string };
    expect(prompt).toMatch(/You assess damages\.[^]*What is this\?[^]*A red bicycle\.[^]*Which colour\?/);
  });

  it('asks for two answers and pays for two', async () => {
    const { choices } = await client.chat.completions.create({ ...question, n: 2 });
    expect(choices.map(({ index, message }) => [index, message.content])).toEqual([
      [0, 'A red bicycle.'],
      [1, 'A red bicycle.'],
    ]);
    expect(gateway.sandbox.bill.creates).toBe(2);
  });

  it('lists the models, and retrieves one with a slash in its name', async () => {
    const listed: string[] = [];
    for await (const { id } of client.models.list()) listed.push(id);
    expect(listed).toContain(PHI);
    expect(await client.models.retrieve(PHI)).toMatchObject({ id: PHI, object: 'model' });
    expect(await client.models.retrieve(LLAVA)).toMatchObject({ id: LLAVA, object: 'model' });
    await expect(client.models.retrieve('gpt-4o')).rejects.toThrow(NotFoundError);
  });
});

describe("an error at OpenAI's client", () => {
  it('has its class, code, param and request id', async () => {
    const stranger = client.withOptions({ apiKey: 'sk-wrong' });
    await expect(stranger.completions.create(seed)).rejects.toThrow(AuthenticationError);
    await expect(stranger.chat.completions.create(question)).rejects.toThrow(AuthenticationError);
    expect(await refusal(client.chat.completions.create({ ...question, model: 'gpt-4o' }))).toMatchObject({
      constructor: NotFoundError,
      code: 'model_not_found',
    });
    const error = await refusal(client.completions.create({ ...seed, max_tokens: 0 }));
    expect(error).toMatchObject({
      constructor: BadRequestError,
      code: 'integer_below_min_value',
      param: 'max_tokens',
      type: 'invalid_request_error',
      requestID: expect.stringMatching(/^req_/) as string,
    });
    const tools = [{ type: 'function' as const, function: { name: 'paint' } }];
    expect(await refusal(client.chat.completions.create({ ...question, tools }))).toMatchObject({
      constructor: BadRequestError,
      code: 'unsupported_parameter',
      param: 'tools',
    });
  });
});

describe("what OpenAI's client does by itself", () => {
  it('does not pay twice for a model that fails', async () => {
    gateway.sandbox.script({ fail: 'CUDA out of memory', times: 5 });
    expect(await refusal(client.chat.completions.create(question))).toMatchObject({
      constructor: InternalServerError,
      code: 'prediction_failed',
    });
    expect(gateway.sandbox.bill.creates).toBe(1);
  });

  it('tries again what was not accepted', async () => {
    gateway.sandbox.script({ status: 503, html: false, retryAfter: 1, times: 3 });
    const answer = await client.completions.create(seed);
    expect(answer.choices[0]?.text).toBe('A red bicycle.');
    expect(gateway.sandbox.bill.creates).toBe(1);
  }, 60_000);

  it('goes on with the prediction of its first attempt when that took too long', async () => {
    gateway.sandbox.script({ run: 3000 });
    const answer = await client.chat.completions.create(question, { timeout: 2000 });
    expect(answer.choices[0]?.message.content).toBe('A red bicycle.');
    expect(gateway.sandbox.bill.creates).toBe(1);
  });

  it('cancels the prediction when it gives up', async () => {
    gateway.sandbox.script({ hang: true });
    const impatient = client.chat.completions.create(question, { timeout: 700, maxRetries: 0 });
    await expect(impatient).rejects.toThrow(APIConnectionTimeoutError);
    await untilCancelled(gateway);
  });

  it('cancels the prediction when its caller aborts', async () => {
    gateway.sandbox.script({ hang: true });
    const leaving = new AbortController();
    const asking = refusal(client.chat.completions.create(question, { signal: leaving.signal }));
    await untilAccepted(gateway);
    leaving.abort();
    expect(await asking).toBeInstanceOf(APIUserAbortError);
    await untilCancelled(gateway);
  });
});

describe('a Replicate in trouble', () => {
  it('is not paid twice when the connection to it breaks (A1, B20)', async () => {
    const troubled = await startTestGateway();
    try {
      troubled.sandbox.script({ resetAfterAccept: true, unlisted: 60_000, times: 5 });
      const its = client.withOptions({ baseURL: `${troubled.url}/v1`, apiKey: troubled.key });
      await expect(its.completions.create(seed)).rejects.toThrow(InternalServerError);
      expect(troubled.sandbox.bill.creates).toBe(1);
    } finally {
      await troubled.close();
    }
  });

  it('that is full has the client told how long to wait', async () => {
    const full = await startFullGateway();
    try {
      const its = client.withOptions({ baseURL: `${full.url}/v1`, apiKey: full.key, maxRetries: 0 });
      const error = await refusal(its.chat.completions.create(question));
      expect(error).toMatchObject({
        ...{ constructor: RateLimitError, status: 429 },
        ...{ code: 'rate_limit_exceeded', type: 'requests' },
      });
      const { headers } = error as RateLimitError;
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(60);
      expect(Number(headers.get('retry-after-ms'))).toBeGreaterThan(60_000);
      expect(full.sandbox.bill.creates).toBe(0);
    } finally {
      await full.close();
    }
  });
});
