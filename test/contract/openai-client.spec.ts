// OpenAI's own client, unchanged but for its base URL and key.
import OpenAI, {
  APIConnectionTimeoutError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
} from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually, startTestGateway, type TestGateway } from '../support/gateway.js';
import { startAnew } from '../support/ledger.js';

let gateway: TestGateway;
let client: OpenAI;
beforeAll(async () => {
  gateway = await startTestGateway();
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key });
});
afterAll(() => gateway.close());
afterEach(() => startAnew(gateway));

/** The usual request. `image_urls` and `do_sample` are ours, so OpenAI's types do not know them. */
const seed = {
  model: 'cerebro-phi3.5-vision-instruct',
  prompt: 'Describe the image.',
  max_tokens: 1000,
  temperature: 0.7,
  image_urls: 'https://example.com/image.jpg',
  do_sample: true,
} satisfies OpenAI.CompletionCreateParamsNonStreaming & Record<string, unknown>;

describe("OpenAI's client", () => {
  it('asks the usual question and reads the answer', async () => {
    const answer = await client.completions.create(seed);
    expect(answer.choices[0]?.text).toBe('A red bicycle.');
    expect(answer.choices[0]?.finish_reason).toBe('stop');
    expect(answer.usage?.prompt_tokens).toBe(5);
    expect(answer.object).toBe('text_completion');
    expect(answer._request_id).toMatch(/^req_/);
  });

  it('raises its own errors, with code, param and request id', async () => {
    const stranger = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-wrong' });
    await expect(stranger.completions.create(seed)).rejects.toThrow(AuthenticationError);
    await expect(client.completions.create({ ...seed, model: 'gpt-4o' })).rejects.toThrow(NotFoundError);
    const error: unknown = await client.completions
      .create({ ...seed, max_tokens: 0 })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({
      code: 'integer_below_min_value',
      param: 'max_tokens',
      type: 'invalid_request_error',
    });
    expect((error as BadRequestError).requestID).toMatch(/^req_/);
  });

  it('does not pay twice when the connection to Replicate breaks (A1, B20)', async () => {
    gateway.sandbox.script({ resetAfterAccept: true, unlisted: 60_000, times: 5 });
    await expect(client.completions.create(seed)).rejects.toThrow(InternalServerError);
    expect(gateway.sandbox.bill.creates).toBe(1);
  });

  it('tries again by itself what was not accepted', async () => {
    gateway.sandbox.script({ status: 503, html: false, retryAfter: 1, times: 3 });
    const answer = await client.completions.create(seed);
    expect(answer.choices[0]?.text).toBe('A red bicycle.');
    expect(gateway.sandbox.bill.creates).toBe(1);
  }, 60_000);

  it('cancels the prediction when it gives up', async () => {
    gateway.sandbox.script({ hang: true });
    const impatient = client.completions.create(seed, { timeout: 700, maxRetries: 0 });
    await expect(impatient).rejects.toThrow(APIConnectionTimeoutError);
    await eventually('cancelled', () =>
      /aborted|canceled/.test(gateway.sandbox.bill.entries[0]?.status ?? ''),
    );
  });
});
