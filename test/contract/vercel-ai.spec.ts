// Vercel's `ai` with its provider for what is like OpenAI, both unchanged. What it does when something is wrong is in
// vercel-ai-errors.spec.ts.
import { APICallError, generateText, Output, StreamProviderError, streamText } from 'ai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makePicture } from '../../src/images/pictures.fixture.js';
import {
  Bicycle,
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
  untilCancelled,
} from '../support/clients.js';
import type { TestGateway } from '../support/gateway.js';
import { asking, cerebroOf } from '../support/vercel-ai.js';

let gateway: TestGateway;
let cerebro: ReturnType<typeof cerebroOf>;
beforeAll(async () => {
  gateway = await startClientsGateway();
  cerebro = cerebroOf(gateway);
});
afterAll(() => gateway.close());
afterEach(() => settleAndStartAnew(gateway));

/** Reads the text of a stream to its end. */
async function textOf({ textStream }: { textStream: AsyncIterable<string> }): Promise<string> {
  let text = '';
  for await (const delta of textStream) text += delta;
  return text;
}

describe("Vercel's client", () => {
  it.each([
    ['at its address', PHI, PICTURE],
    ['in bytes', PHI, undefined],
    ['in bytes', LLAVA, undefined],
  ])('talks about a picture %s, with %s', async (_, model, data) => {
    const { text, finishReason, usage, response } = await generateText({
      model: cerebro(model),
      messages: asking('What is this?', data ?? (await makePicture('png'))),
    });
    expect([text, finishReason]).toEqual(['A red bicycle.', 'stop']);
    expect(usage.outputTokens).toBeGreaterThan(0);
    expect(response.headers?.['x-request-id']).toMatch(/^req_/);
    expect(response.modelId).toBe(model);
  });

  it('holds a conversation, with settings', async () => {
    const { text } = await generateText({
      model: cerebro(PHI),
      instructions: 'You assess damages.',
      messages: [
        ...asking(),
        { role: 'assistant', content: 'A red bicycle.' },
        { role: 'user', content: 'Which colour?' },
      ],
      ...{ maxOutputTokens: 100, temperature: 0.2, stopSequences: ['bicycle'], presencePenalty: 0 },
      providerOptions: { cerebro: { user: 'me' } },
    });
    expect(text).toBe('A red ');
    const { prompt } = lastInput(gateway) as { prompt: string };
    expect(prompt).toMatch(/You assess damages\.[^]*What is this\?[^]*A red bicycle\.[^]*Which colour\?/);
  });

  it('completes, with parameters of ours', async () => {
    const { text } = await generateText({
      model: cerebro.completionModel(PHI),
      prompt: 'What is this?',
      maxOutputTokens: 100,
      providerOptions: { cerebro: { image_urls: PICTURE } },
    });
    expect(text).toBe('A red bicycle.');
  });
});

describe("a stream of Vercel's client", () => {
  it('comes in pieces, with the usage', async () => {
    gateway.sandbox.script(SPOKEN);
    const result = streamText({ model: cerebro(LLAVA), messages: asking() });
    const deltas: string[] = [];
    for await (const delta of result.textStream) deltas.push(delta);
    expect(deltas.length).toBeGreaterThan(1);
    expect(deltas.join('')).toBe('A red bicycle.');
    expect(await result.finishReason).toBe('stop');
    expect((await result.usage).outputTokens).toBeGreaterThan(0);
  });

  it('of the default model is heartbeats, then its text', async () => {
    gateway.sandbox.script({ boot: 300, run: 200 });
    const { fetch, heard } = listeningFetch();
    const result = streamText({ model: cerebroOf(gateway, { fetch })(PHI), messages: asking() });
    expect(await result.text).toBe('A red bicycle.');
    expect(heard()).toMatch(/^(?:: keep-alive\n\n){2,}data: \{/);
  });

  it('tells the error that the model had, and is not asked for again', async () => {
    gateway.sandbox.script(FAILING);
    const errors: unknown[] = [];
    const result = streamText({
      model: cerebro(LLAVA),
      messages: asking(),
      onError: ({ error }) => void errors.push(error),
    });
    // The text ends, and only the error and the reason tell that it is not whole.
    expect(await textOf(result)).toBe('A red ');
    expect(errors).toHaveLength(1);
    expect(StreamProviderError.isInstance(errors[0])).toBe(true);
    expect(errors[0]).toMatchObject({ code: 'prediction_failed', type: 'server_error', isRetryable: false });
    expect(await result.finishReason).toBe('error');
    expect(gateway.sandbox.bill.creates).toBe(1);
  });

  it('tells that the connection is gone', async () => {
    const way = await startBreakingWay(gateway, 'word ');
    try {
      gateway.sandbox.script(ENDLESS);
      const result = streamText({ model: cerebroOf(gateway, { url: way.url })(LLAVA), messages: asking() });
      expect(APICallError.isInstance(await refusal(textOf(result)))).toBe(true);
      expect(APICallError.isInstance(await refusal(result.text))).toBe(true);
      await untilCancelled(gateway);
      expect(gateway.sandbox.bill.creates).toBe(1);
    } finally {
      way.close();
    }
  });

  // A `break` does not: the client reads on by itself, for the promises of its result.
  it.each(['a signal', 'a timeout'])('that is left by %s cancels the prediction', async (how) => {
    gateway.sandbox.script(ENDLESS);
    const leaving = new AbortController();
    const result = streamText({
      model: cerebro(LLAVA),
      messages: asking(),
      abortSignal: leaving.signal,
      ...(how === 'a timeout' && { timeout: 700 }),
    });
    for await (const part of result.textStream) {
      if (part !== '' && how === 'a signal') leaving.abort();
    }
    await untilCancelled(gateway);
  });
});

describe("structured output at Vercel's client", () => {
  it.each([
    ['at once', 'Which bicycle?', '1'],
    ['after one mistake', 'Which bicycle, wrong first?', '2'],
  ])('fits its schema: %s', async (_, text, attempts) => {
    const { output, response } = await generateText({
      model: cerebro(PHI),
      messages: asking(text),
      output: Output.object({ schema: Bicycle, name: 'bicycle', description: 'what is seen' }),
    });
    expect(output).toEqual(RED_BICYCLE);
    expect(response.headers?.['x-cerebro-attempts']).toBe(attempts);
    expect(JSON.stringify(lastInput(gateway))).toContain('wheels');
  });

  it('comes through a stream', async () => {
    const result = streamText({
      model: cerebro(LLAVA),
      messages: asking('Which bicycle, wrong first?'),
      output: Output.object({ schema: Bicycle }),
    });
    const partial: unknown[] = [];
    for await (const object of result.partialOutputStream) partial.push(object);
    expect(partial.at(-1)).toEqual(RED_BICYCLE);
    expect(await result.output).toEqual(RED_BICYCLE);
    expect(gateway.sandbox.bill.creates).toBe(2);
  });

  it('can be a list, a choice, or any JSON', async () => {
    const model = cerebro(PHI);
    gateway.sandbox.script(
      { output: JSON.stringify({ elements: [RED_BICYCLE] }) },
      { output: '{"result": "bicycle"}' },
      { output: JSON.stringify(RED_BICYCLE) },
    );
    const list = await generateText({
      model,
      messages: asking(),
      output: Output.array({ element: Bicycle }),
    });
    expect(list.output).toEqual([RED_BICYCLE]);
    const choice = await generateText({
      ...{ model, messages: asking() },
      output: Output.choice({ options: ['bicycle', 'car'] }),
    });
    expect(choice.output).toBe('bicycle');
    const any = await generateText({ model, messages: asking(), output: Output.json() });
    expect(any.output).toEqual(RED_BICYCLE);
  });

  it('that stays wrong is an error, which the client does not pay for again', async () => {
    const error = await refusal(
      generateText({
        ...{ model: cerebro(PHI), messages: asking('always wrong') },
        output: Output.object({ schema: Bicycle }),
      }),
    );
    expect(APICallError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({
      ...{ statusCode: 400, data: { error: { code: 'structured_output_failed', param: 'response_format' } } },
      responseHeaders: { 'x-cerebro-attempts': String(gateway.sandbox.bill.creates) },
    });
  });
});
