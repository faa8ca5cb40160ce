// LangChain's `@langchain/openai`, unchanged. It speaks through OpenAI's client, and tries again in its own way, which
// is in langchain-errors.spec.ts.
import { AIMessage, type AIMessageChunk, HumanMessage, SystemMessage } from '@langchain/core/messages';
import { concat } from '@langchain/core/utils/stream';
import { OpenAI } from '@langchain/openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
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
  untilCancelled,
} from '../support/clients.js';
import type { TestGateway } from '../support/gateway.js';
import { asking, chatOf } from '../support/langchain.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startClientsGateway();
});
afterAll(() => gateway.close());
afterEach(() => settleAndStartAnew(gateway));

/** Reads a stream to its end. */
async function read(stream: Promise<AsyncIterable<AIMessageChunk>>): Promise<AIMessageChunk[]> {
  const chunks: AIMessageChunk[] = [];
  for await (const chunk of await stream) chunks.push(chunk);
  return chunks;
}

describe("LangChain's client", () => {
  it.each([
    ['at its address', PHI, PICTURE],
    ['that it brings', PHI, undefined],
    ['that it brings', LLAVA, undefined],
  ])('talks about a picture %s, with %s', async (_, model, url) => {
    const answer = await chatOf(gateway, model).invoke(asking('What is this?', url ?? (await dataUri())));
    expect(answer.content).toBe('A red bicycle.');
    expect(answer.usage_metadata?.output_tokens).toBeGreaterThan(0);
    expect(answer.response_metadata).toMatchObject({ finish_reason: 'stop', model_name: model });
  });

  it('talks about a picture in a standard content block', async () => {
    const answer = await chatOf(gateway, PHI).invoke([
      new HumanMessage({
        contentBlocks: [
          { type: 'text', text: 'What is this?' },
          { type: 'image', url: PICTURE },
        ],
      }),
    ]);
    expect(answer.content).toBe('A red bicycle.');
    expect(lastInput(gateway)).toMatchObject({ image_urls: PICTURE });
  });

  it('holds a conversation, with settings', async () => {
    const model = chatOf(gateway, PHI, {
      maxTokens: 100,
      temperature: 0.2,
      stop: ['bicycle'],
      topP: 1,
      presencePenalty: 0,
    });
    const first = await model.invoke(asking());
    const answer = await model.invoke([
      new SystemMessage('You assess damages.'),
      ...asking(),
      first,
      new HumanMessage('And?'),
      new AIMessage('It is red.'),
      new HumanMessage('Which colour?'),
    ]);
    expect(answer.content).toBe('A red ');
    const { prompt } = lastInput(gateway) as { prompt: string };
    expect(prompt).toMatch(
      /You assess damages\.[^]*What is this\?[^]*A red [^]*It is red\.[^]*Which colour\?/,
    );
  });

  it('asks for two answers at once', async () => {
    const { generations } = await chatOf(gateway, PHI, { n: 2 }).generate([asking()]);
    expect(generations[0]?.map(({ text }) => text)).toEqual(['A red bicycle.', 'A red bicycle.']);
    expect(gateway.sandbox.bill.creates).toBe(2);
  });

  it('completes, through its older class', async () => {
    const model = new OpenAI({
      ...{ model: PHI, apiKey: gateway.key, maxTokens: 100 },
      modelKwargs: { image_urls: PICTURE },
      configuration: { baseURL: `${gateway.url}/v1`, fetch: clientFetch },
    });
    expect(await model.invoke('What is this?')).toBe('A red bicycle.');
  });
});

describe("a stream of LangChain's client", () => {
  it('comes in pieces, with the usage', async () => {
    gateway.sandbox.script(SPOKEN);
    const chunks = await read(chatOf(gateway, LLAVA).stream(asking()));
    const texts = chunks.map(({ text }) => text).filter((text) => text !== '');
    expect(texts.length).toBeGreaterThan(1);
    expect(texts.join('')).toBe('A red bicycle.');
    const whole = chunks.reduce((all, chunk) => concat(all, chunk));
    expect(whole.usage_metadata?.output_tokens).toBeGreaterThan(0);
    expect(whole.response_metadata).toMatchObject({ finish_reason: 'stop' });
  });

  it('of the default model is heartbeats, then its text', async () => {
    gateway.sandbox.script({ boot: 300, run: 200 });
    const { fetch, heard } = listeningFetch();
    const chunks = await read(chatOf(gateway, PHI, { fetch }).stream(asking()));
    expect(chunks.map(({ text }) => text).join('')).toBe('A red bicycle.');
    expect(heard()).toMatch(/^(?:: keep-alive\n\n){2,}data: \{/);
  });

  it('raises the error that the model had, and is not asked for again', async () => {
    gateway.sandbox.script(FAILING);
    const error = await refusal(read(chatOf(gateway, LLAVA).stream(asking())));
    expect(error).toMatchObject({ code: 'prediction_failed' });
    expect(gateway.sandbox.bill.creates).toBe(1);
  });

  it('raises that the connection is gone', async () => {
    const way = await startBreakingWay(gateway, 'word ');
    try {
      gateway.sandbox.script(ENDLESS);
      expect(await refusal(read(chatOf(gateway, LLAVA, { url: way.url }).stream(asking())))).toBeInstanceOf(
        Error,
      );
      await untilCancelled(gateway);
      expect(gateway.sandbox.bill.creates).toBe(1);
    } finally {
      way.close();
    }
  });

  it.each(['a signal', 'a break', 'a timeout'])('that is left by %s cancels the prediction', async (how) => {
    gateway.sandbox.script(ENDLESS);
    const leaving = new AbortController();
    const reading = (async () => {
      const stream = await chatOf(gateway, LLAVA).stream(asking(), {
        signal: leaving.signal,
        ...(how === 'a timeout' && { timeout: 700 }),
      });
      for await (const { text } of stream) {
        if (text !== '' && how === 'a signal') leaving.abort();
        if (text !== '' && how === 'a break') break;
      }
    })();
    const left = await reading.then(
      () => 'quietly',
      () => 'with an error',
    );
    expect(left).toBe(how === 'a break' ? 'quietly' : 'with an error');
    await untilCancelled(gateway);
  });
});

describe("structured output at LangChain's client", () => {
  it.each([
    ['jsonSchema', 'at once', 'Which bicycle?', 1],
    ['jsonSchema', 'after one mistake', 'Which bicycle, wrong first?', 2],
    ['jsonMode', 'at once', 'Which bicycle? JSON.', 1],
  ] as const)('by %s fits its schema: %s', async (method, _, text, creates) => {
    const model = chatOf(gateway, PHI).withStructuredOutput(Bicycle, { method, name: 'bicycle' });
    expect(await model.invoke(asking(text))).toEqual(RED_BICYCLE);
    expect(gateway.sandbox.bill.creates).toBe(creates);
  });

  it('takes a JSON schema too, and shows the message beside what it parsed', async () => {
    const model = chatOf(gateway, LLAVA).withStructuredOutput(bicycleSchema, {
      ...{ method: 'jsonSchema', name: 'bicycle', strict: true, includeRaw: true },
    });
    const { parsed, raw } = await model.invoke(asking('Which bicycle?'));
    expect(parsed).toEqual(RED_BICYCLE);
    expect(JSON.parse(raw.text)).toEqual(RED_BICYCLE);
  });

  it('comes through a stream', async () => {
    const model = chatOf(gateway, PHI).withStructuredOutput(Bicycle, {
      method: 'jsonSchema',
      name: 'bicycle',
    });
    const objects: unknown[] = [];
    for await (const object of await model.stream(asking('Which bicycle, wrong first?')))
      objects.push(object);
    expect(objects.at(-1)).toEqual(RED_BICYCLE);
    expect(gateway.sandbox.bill.creates).toBe(2);
  });

  it('by default is by a schema', async () => {
    const model = chatOf(gateway, PHI).withStructuredOutput(Bicycle, { name: 'bicycle' });
    expect(await model.invoke(asking('Which bicycle?'))).toEqual(RED_BICYCLE);
  });

  it('by functions is refused, before anything is asked', async () => {
    const model = chatOf(gateway, PHI).withStructuredOutput(Bicycle, {
      method: 'functionCalling',
      name: 'bicycle',
    });
    expect(await refusal(model.invoke(asking()))).toMatchObject({
      ...{ status: 400, code: 'unsupported_parameter', param: 'tools' },
    });
    expect(gateway.sandbox.bill.creates).toBe(0);
  });

  it('that stays wrong is an error, which the client does not pay for again', async () => {
    const model = chatOf(gateway, PHI).withStructuredOutput(Bicycle, {
      method: 'jsonSchema',
    });
    expect(await refusal(model.invoke(asking('always wrong')))).toMatchObject({
      ...{ status: 400, code: 'structured_output_failed', param: 'response_format' },
    });
    expect(gateway.sandbox.bill.creates).toBe(2);
  });
});
