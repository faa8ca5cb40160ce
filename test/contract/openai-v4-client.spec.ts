// OpenAI's client of an older major version, 4, unchanged but for its base URL and key. It brings its own `fetch`
// where none is given.
import OpenAI, {
  APIConnectionTimeoutError,
  APIError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
  toFile,
} from 'openai-v4';
import { makeParseableResponseFormat } from 'openai-v4/lib/parser';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makePicture } from '../../src/images/pictures.fixture.js';
import {
  Bicycle,
  bicycleSchema,
  clientFetch,
  dataUri,
  ENDLESS,
  FAILING,
  lastInput,
  listeningFetch,
  LLAVA,
  PHI,
  PICTURE,
  RED_BICYCLE,
  refusal,
  settleAndStartAnew,
  SPOKEN,
  startBreakingWay,
  startClientsGateway,
  startFullGateway,
  untilAccepted,
  untilCancelled,
} from '../support/clients.js';
import type { TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
let client: OpenAI;
/** With the `fetch` that it brings. */
let bare: OpenAI;
beforeAll(async () => {
  gateway = await startClientsGateway();
  const options = { baseURL: `${gateway.url}/v1`, apiKey: gateway.key };
  // Its types are those of node-fetch, which is another `fetch`.
  client = new OpenAI({ ...options, fetch: clientFetch as unknown as OpenAIFetch });
  bare = new OpenAI(options);
});
afterAll(() => gateway.close());
afterEach(() => settleAndStartAnew(gateway));

type OpenAIFetch = NonNullable<NonNullable<ConstructorParameters<typeof OpenAI>[0]>['fetch']>;

const asking = (url = PICTURE, text = 'What is this?'): OpenAI.ChatCompletionMessageParam[] => [
  {
    role: 'user',
    content: [
      { type: 'text', text },
      { type: 'image_url', image_url: { url, detail: 'low' } },
    ],
  },
];
const question = { model: PHI, messages: asking() };
const streamed = { model: LLAVA, messages: asking(), stream: true } as const;

describe("OpenAI's client 4", () => {
  it('talks about pictures, wherever they are', async () => {
    // What it uploads is for the `fetch` that it brings alone.
    const file = await bare.files.create({
      file: await toFile(await makePicture('png'), 'a.png'),
      purpose: 'vision',
    });
    for (const [model, url] of [
      [PHI, PICTURE],
      [PHI, await dataUri()],
      [LLAVA, await dataUri()],
      [LLAVA, file.id],
    ] as const) {
      const { choices, _request_id } = await client.chat.completions.create({ model, messages: asking(url) });
      expect(choices[0]?.message.content).toBe('A red bicycle.');
      expect(_request_id).toMatch(/^req_/);
    }
    expect(await client.files.del(file.id)).toMatchObject({ deleted: true });
  });

  it('holds a conversation', async () => {
    const { choices } = await client.chat.completions.create({
      model: PHI,
      messages: [
        { role: 'system', content: 'You assess damages.' },
        ...asking(),
        { role: 'assistant', content: 'A red bicycle.' },
        { role: 'user', content: 'Which colour?' },
      ],
      ...{ max_tokens: 100, temperature: 0.2, top_p: 1, frequency_penalty: 0, user: 'me' },
    });
    expect(choices[0]?.message.content).toBe('A red bicycle.');
    const { prompt } = lastInput(gateway) as { prompt: string };
    expect(prompt).toMatch(/You assess damages\.[^]*What is this\?[^]*A red bicycle\.[^]*Which colour\?/);
  });

  it('completes, and finds models, with what it brings', async () => {
    const body = { model: PHI, prompt: 'What is this?', image_urls: PICTURE, max_tokens: 100 };
    expect((await bare.completions.create(body)).choices[0]?.text).toBe('A red bicycle.');
    const listed: string[] = [];
    for await (const { id } of bare.models.list()) listed.push(id);
    expect(listed).toContain(PHI);
    expect(await bare.models.retrieve(LLAVA)).toMatchObject({ id: LLAVA });
  });
});

describe("a stream of OpenAI's client 4", () => {
  it.each(['the fetch that it is given', 'the fetch that it brings'])(
    'comes in pieces through %s',
    async (which) => {
      gateway.sandbox.script(SPOKEN);
      const deltas: string[] = [];
      let usage: OpenAI.CompletionUsage | null | undefined;
      const stream = await (which === 'the fetch that it brings' ? bare : client).chat.completions.create({
        ...streamed,
        stream_options: { include_usage: true },
      });
      for await (const chunk of stream) {
        const delta = chunk.choices[0]?.delta.content;
        if (delta) deltas.push(delta);
        usage = chunk.usage;
      }
      expect(deltas.length).toBeGreaterThan(1);
      expect(deltas.join('')).toBe('A red bicycle.');
      expect(usage?.completion_tokens).toBeGreaterThan(0);
    },
  );

  it('of the default model is heartbeats, then its text', async () => {
    gateway.sandbox.script({ boot: 300, run: 200 });
    const { fetch, heard } = listeningFetch();
    const listening = new OpenAI({ ...optionsOf(client), fetch: fetch as unknown as OpenAIFetch });
    const stream = listening.beta.chat.completions.stream(question);
    expect(await stream.finalContent()).toBe('A red bicycle.');
    expect(heard()).toMatch(/^(?:: keep-alive\n\n){2,}data: \{/);
  });

  it('raises the error that the model had', async () => {
    gateway.sandbox.script(FAILING);
    const reading = (async () => {
      for await (const chunk of await client.chat.completions.create(streamed)) void chunk;
    })();
    expect(await refusal(reading)).toMatchObject({ constructor: APIError, code: 'prediction_failed' });
    expect(gateway.sandbox.bill.creates).toBe(1);
  });

  it.each(['the fetch that it is given', 'the fetch that it brings'])(
    'raises that the connection is gone: %s',
    async (which) => {
      const way = await startBreakingWay(gateway, 'word ');
      try {
        gateway.sandbox.script(ENDLESS);
        const options = optionsOf(which === 'the fetch that it brings' ? bare : client);
        const far = new OpenAI({ ...options, baseURL: `${way.url}/v1` });
        const reading = (async () => {
          for await (const chunk of await far.chat.completions.create(streamed)) void chunk;
        })();
        expect(await refusal(reading)).toBeInstanceOf(Error);
        await untilCancelled(gateway);
      } finally {
        way.close();
      }
    },
  );

  it.each(['the fetch that it is given', 'the fetch that it brings'])(
    'that is left cancels the prediction: %s',
    async (which) => {
      gateway.sandbox.script(ENDLESS);
      const stream = await (which === 'the fetch that it brings' ? bare : client).chat.completions.create(
        streamed,
      );
      for await (const { choices } of stream) if (choices[0]?.delta.content) break;
      await untilCancelled(gateway);
    },
  );
});

describe("structured output at OpenAI's client 4", () => {
  /** What its `zodResponseFormat` makes, which itself knows zod 3 alone. */
  const bicycle = makeParseableResponseFormat(
    { type: 'json_schema', json_schema: { name: 'bicycle', strict: true, schema: bicycleSchema } },
    (content) => Bicycle.parse(JSON.parse(content)),
  );

  it('is parsed, also when it was wrong first', async () => {
    for (const [text, attempts] of [
      ['Which bicycle?', '1'],
      ['Which bicycle, wrong first?', '2'],
    ] as const) {
      const body = { model: PHI, messages: asking(PICTURE, text), response_format: bicycle };
      const { choices } = await client.beta.chat.completions.parse(body);
      expect(choices[0]?.message.parsed).toEqual(RED_BICYCLE);
      const { response } = await client.chat.completions.create(body).withResponse();
      expect(response.headers.get('x-cerebro-attempts')).toBe(attempts);
    }
  });

  it('is plain JSON in the mode for it', async () => {
    const { choices } = await client.chat.completions.create({
      ...{ model: LLAVA, messages: asking(PICTURE, 'Which bicycle? JSON.') },
      response_format: { type: 'json_object' },
    });
    expect(JSON.parse(choices[0]?.message.content ?? '')).toEqual(RED_BICYCLE);
  });

  it('that stays wrong is an error, which the client does not pay for again', async () => {
    const asked = client.beta.chat.completions.parse({
      ...{ model: PHI, messages: asking(PICTURE, 'always wrong') },
      response_format: bicycle,
    });
    const error = await refusal(asked);
    expect(error).toMatchObject({ constructor: BadRequestError, code: 'structured_output_failed' });
    const { headers } = error as BadRequestError;
    expect(headers).toMatchObject({ 'x-cerebro-attempts': String(gateway.sandbox.bill.creates) });
  });
});

describe("what OpenAI's client 4 does when something is wrong", () => {
  it('raises its own errors, with code and param', async () => {
    const stranger = new OpenAI({ ...optionsOf(client), apiKey: 'sk-wrong' });
    await expect(stranger.chat.completions.create(question)).rejects.toThrow(AuthenticationError);
    expect(await refusal(client.chat.completions.create({ ...question, model: 'gpt-4o' }))).toMatchObject({
      constructor: NotFoundError,
      code: 'model_not_found',
    });
    expect(await refusal(client.chat.completions.create({ ...question, temperature: 3 }))).toMatchObject({
      ...{ constructor: BadRequestError, code: 'decimal_above_max_value', param: 'temperature' },
      request_id: expect.stringMatching(/^req_/) as string,
    });
  });

  it('tells how long to wait for a Replicate that is full', async () => {
    const full = await startFullGateway();
    try {
      const its = new OpenAI({ baseURL: `${full.url}/v1`, apiKey: full.key, maxRetries: 0 });
      const error = await refusal(its.chat.completions.create(question));
      expect(error).toMatchObject({ constructor: RateLimitError, code: 'rate_limit_exceeded' });
      expect(Number((error as RateLimitError).headers?.['retry-after'])).toBeGreaterThan(60);
    } finally {
      await full.close();
    }
  });

  it('pays once for a model that fails, and for a Replicate that takes nothing at first', async () => {
    gateway.sandbox.script({ fail: 'CUDA out of memory', times: 3 });
    await expect(client.chat.completions.create(question)).rejects.toThrow(InternalServerError);
    expect(gateway.sandbox.bill.creates).toBe(1);
    await settleAndStartAnew(gateway);
    gateway.sandbox.script({ status: 503, html: false, times: 3 });
    const { choices } = await bare.chat.completions.create(question);
    expect(choices[0]?.message.content).toBe('A red bicycle.');
    expect(gateway.sandbox.bill.creates).toBe(1);
  });

  it('goes on with the prediction of its first attempt when that took too long', async () => {
    gateway.sandbox.script({ run: 3000 });
    const { choices } = await bare.chat.completions.create(question, { timeout: 2000 });
    expect(choices[0]?.message.content).toBe('A red bicycle.');
    expect(gateway.sandbox.bill.creates).toBe(1);
  });

  it('cancels the prediction when it gives up, and when its caller does', async () => {
    gateway.sandbox.script({ hang: true });
    const impatient = bare.chat.completions.create(question, { timeout: 700, maxRetries: 0 });
    await expect(impatient).rejects.toThrow(APIConnectionTimeoutError);
    await untilCancelled(gateway);
    await settleAndStartAnew(gateway);
    gateway.sandbox.script({ hang: true });
    const leaving = new AbortController();
    const asked = refusal(client.chat.completions.create(question, { signal: leaving.signal }));
    await untilAccepted(gateway);
    leaving.abort();
    expect(await asked).toBeInstanceOf(APIUserAbortError);
    await untilCancelled(gateway);
  });
});

/** The options of a client, to make another like it. */
function optionsOf(like: OpenAI) {
  const { baseURL, apiKey } = like;
  return { baseURL, apiKey, ...(like === client && { fetch: clientFetch as unknown as OpenAIFetch }) };
}
