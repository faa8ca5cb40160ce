import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_MODEL_VERSION } from '../../src/config/settings.js';
import { countTokens } from '../../src/tokenizer/llama-tokenizer.js';
import { makePicture } from '../../src/images/pictures.fixture.js';
import { framesOf } from '../support/chat.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, startAnew } from '../support/ledger.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
afterEach(() => startAnew(gateway));

/** The body of the create that the last question became. */
function sent(): { version: string; input: Record<string, unknown> } {
  return gateway.sandbox.requests.at(-1)?.body as never;
}

describe('POST /v1/completions', () => {
  it("answers the usual request in OpenAI's shape", async () => {
    const before = Math.floor(Date.now() / 1000);
    const { status, json, headers } = await gateway.complete();
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^application\/json/);
    expect(json).toEqual({
      id: gateway.sandbox.bill.entries[0]?.predictionId,
      object: 'text_completion',
      created: expect.any(Number) as number,
      model: 'cerebro-phi3.5-vision-instruct',
      choices: [{ text: 'A red bicycle.', index: 0, logprobs: null, finish_reason: 'stop' }],
      usage: {
        prompt_tokens: 5,
        completion_tokens: countTokens('A red bicycle.'),
        total_tokens: 5 + countTokens('A red bicycle.'),
      },
    });
    expect((json as { created: number }).created).toBeGreaterThanOrEqual(before);
  });

  it('asks Replicate for the default version once, holding the line, with a deadline of its own', async () => {
    await gateway.complete();
    const [create, ...others] = gateway.sandbox.requests.filter(({ method }) => method === 'POST');
    expect(others).toEqual([]);
    expect(create).toMatchObject({ method: 'POST', path: '/v1/predictions' });
    expect(create?.headers).toMatchObject({
      authorization: 'accepted',
      prefer: 'wait=60',
      'cancel-after': '600s',
    });
    expect(create?.body).toEqual({
      version: DEFAULT_MODEL_VERSION,
      input: {
        prompt: 'Describe the image.',
        image_urls: 'https://example.com/image.jpg',
        max_new_tokens: 1000,
        temperature: 0.7,
        do_sample: true,
      },
    });
  });

  it('has defaults for everything but the prompt and the images', async () => {
    const { status } = await gateway.send('/v1/completions', {
      method: 'POST',
      body: { prompt: 'Hi', image_urls: 'https://example.com/a.png', max_tokens: null, temperature: null },
    });
    expect(status).toBe(200);
    expect(sent().input).toMatchObject({ max_new_tokens: 1000, temperature: 0.7, do_sample: true });
  });

  it('takes several images as a text or as a list', async () => {
    await gateway.complete({ image_urls: 'https://example.com/1.jpg, https://example.com/2.jpg' });
    expect(sent().input.image_urls).toBe('https://example.com/1.jpg,https://example.com/2.jpg');
    await gateway.complete({ image_urls: ['https://example.com/1.jpg?a=1,2', 'https://example.com/2.jpg'] });
    expect(sent().input.image_urls).toBe('https://example.com/1.jpg?a=1%2C2,https://example.com/2.jpg');
  });

  it("asks for the model's minimum and cuts the text where the caller wants fewer tokens", async () => {
    gateway.sandbox.script({ output: 'The quick brown fox jumps over the lazy dog, again and again.' });
    const { json } = await gateway.complete({ max_tokens: 5 });
    expect(sent().input.max_new_tokens).toBe(64);
    expect(json).toMatchObject({
      choices: [{ text: 'The quick brown fox', finish_reason: 'length' }],
      usage: { completion_tokens: 5 },
    });
  });

  it('takes an output that comes as a list, against the schema, a line each', async () => {
    gateway.sandbox.script({ output: ['A red bicycle.', 'A wall.'] });
    expect((await gateway.complete()).json).toMatchObject({ choices: [{ text: 'A red bicycle.\nA wall.' }] });
  });

  it("takes the prediction's own token counts", async () => {
    gateway.sandbox.script({
      waitStatus: 'succeeded',
      metrics: { input_token_count: 812, output_token_count: 6 },
    });
    expect((await gateway.complete()).json).toMatchObject({
      usage: { prompt_tokens: 812, completion_tokens: 6, total_tokens: 818 },
    });
  });

  it('passes on an empty answer as an empty text', async () => {
    gateway.sandbox.script({ output: '' });
    expect((await gateway.complete()).json).toMatchObject({ choices: [{ text: '', finish_reason: 'stop' }] });
  });

  it('carries text of every kind unharmed, in one JSON string (A20)', async () => {
    const odd = 'a\n\nevent: x\ndata: {}\r\n</script>\u2028\u2029"\\ 日本語 👩‍👩‍👧 \u0000';
    gateway.sandbox.script({ output: odd });
    const { json } = await gateway.complete({ prompt: 'Ünïcode 👍 "quoted" \\ \n?' });
    expect((json as { choices: { text: string }[] }).choices[0]?.text).toBe(odd);
    expect(sent().input.prompt).toBe('Ünïcode 👍 "quoted" \\ \n?');
  });

  it('knows the default model by its name and no other', async () => {
    expect((await gateway.complete({ model: 'cerebro-phi3.5-vision-instruct' })).status).toBe(200);
    const unknown = await gateway.complete({ model: 'gpt-4o' });
    expect(unknown.status).toBe(404);
    expect(unknown.json).toEqual({
      error: {
        message: 'The model `gpt-4o` does not exist or you do not have access to it.',
        type: 'invalid_request_error',
        param: 'model',
        code: 'model_not_found',
      },
    });
    expect(gateway.sandbox.bill.creates).toBe(1);
  });

  it('takes its one prompt as a list of one too', async () => {
    const { json } = await gateway.complete({ prompt: ['Describe the image.'] });
    expect(json).toMatchObject({ choices: [{ text: 'A red bicycle.' }] });
    expect(sent().input.prompt).toBe('Describe the image.');
  });

  it.each(['Describe the image.', ['Describe the image.']])(
    'echoes the prompt %j before its text',
    async (prompt) => {
      const { json } = await gateway.complete({ prompt, echo: true, stop: 'Describe', max_tokens: 64 });
      // Neither stop texts nor token limits are about what the caller said itself.
      expect(json).toMatchObject({
        choices: [{ text: 'Describe the image.A red bicycle.', finish_reason: 'stop' }],
      });
      expect(json).toMatchObject({ usage: { completion_tokens: countTokens('A red bicycle.') } });
    },
  );

  it('ends each answer at a stop text, of which there may be four', async () => {
    gateway.sandbox.script({ output: 'A red bicycle. It stands.' });
    const { json } = await gateway.complete({ stop: ['X', 'Z', '. It', 'bicycle. It s'] });
    // The one that is complete first, as in a stream.
    expect(json).toMatchObject({ choices: [{ text: 'A red bicycle', finish_reason: 'stop' }] });
  });

  it('gives several answers, each by a prediction that is billed', async () => {
    gateway.sandbox.script({ run: 150, output: 'One.' });
    gateway.sandbox.script({ run: 20, output: 'Two.' });
    gateway.sandbox.script({ output: 'Three.' });
    const { json } = await gateway.complete({ n: 3 });
    const { id, choices, usage } = json as {
      id: string;
      choices: { text: string; index: number }[];
      usage: object;
    };
    expect(choices.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(choices.map(({ text }) => text).sort()).toEqual(['One.', 'Three.', 'Two.']);
    expect(gateway.sandbox.bill.entries.map(({ predictionId }) => predictionId)).toContain(id);
    expect(usage).toMatchObject({
      prompt_tokens: countTokens('Describe the image.'),
      completion_tokens: countTokens('One.') + countTokens('Two.') + countTokens('Three.'),
    });
    expect(gateway.sandbox.bill.creates).toBe(3);
    await expectOneBill(gateway);
  });

  it('comes as a stream where that is asked for, with the echo first', async () => {
    const { status, headers, text } = await gateway.complete({
      stream: true,
      stream_options: { include_usage: true },
      echo: true,
    });
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/event-stream/);
    const frames = framesOf(text) as { choices: { text: string }[]; usage: object | null }[];
    expect(frames.at(-1)).toBe('[DONE]');
    const chunks = frames.slice(0, -1);
    expect(chunks.flatMap(({ choices }) => choices.map((choice) => choice.text)).join('')).toBe(
      'Describe the image.A red bicycle.',
    );
    expect(chunks.at(-1)).toMatchObject({
      object: 'text_completion',
      choices: [],
      usage: { prompt_tokens: 5 },
    });
    await expectOneBill(gateway);
  });

  it('answers many at once without mixing them up', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        gateway.sandbox.script({
          match: { inputIncludes: `question ${i}.` },
          run: 40 - i,
          output: `answer ${i}.`,
        });
        const { json } = await gateway.complete({ prompt: `question ${i}.` });
        return (json as { choices: { text: string }[] }).choices[0]?.text;
      }),
    );
    expect(answers).toEqual(Array.from({ length: 40 }, (_, i) => `answer ${i}.`));
    expect(gateway.sandbox.bill.creates).toBe(40);
  });
});

describe('REPLICATE_MODEL_VERSION', () => {
  it('changes the version, and with it how images are sent', async () => {
    const version = 'ffcebb3e1c91ddc7eb66216dc604bc6cb843a419829364a8a407a99335450205';
    const other = await startTestGateway({ settings: { replicateModelVersion: version } });
    try {
      const image = `data:image/png;base64,${(await makePicture('png')).toString('base64')}`;
      expect((await other.complete({ image_urls: [image] })).status).toBe(200);
      expect(other.sandbox.requests[0]?.body).toMatchObject({ version, input: { image } });
      const two = await other.complete({ image_urls: [image, image] });
      expect(two.status).toBe(400);
      expect(two.json).toMatchObject({ error: { param: 'image_urls', code: 'array_above_max_length' } });
    } finally {
      await other.close();
    }
  });
});
