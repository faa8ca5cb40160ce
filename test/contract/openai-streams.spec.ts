// The streams of OpenAI's own client: as an iterable, through its helper with events, and left early.
import OpenAI, { APIError, APIUserAbortError, BadRequestError } from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { ChatCompletionStream } from 'openai/lib/ChatCompletionStream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  Bicycle,
  clientFetch,
  ENDLESS,
  FAILING,
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

let gateway: TestGateway;
let client: OpenAI;
beforeAll(async () => {
  gateway = await startClientsGateway();
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, fetch: clientFetch });
});
afterAll(() => gateway.close());
afterEach(() => settleAndStartAnew(gateway));

const messages: OpenAI.ChatCompletionMessageParam[] = [
  {
    role: 'user',
    content: [
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url: PICTURE } },
    ],
  },
];
const streamed = { model: LLAVA, messages, stream: true } as const;

describe("a stream of OpenAI's client", () => {
  it('of a model that streams comes in pieces, with the usage last', async () => {
    gateway.sandbox.script(SPOKEN);
    const deltas: string[] = [];
    const finishes: unknown[] = [];
    let usage: OpenAI.CompletionUsage | null | undefined;
    const stream = await client.chat.completions.create({
      ...streamed,
      stream_options: { include_usage: true },
    });
    for await (const { choices, usage: counted } of stream) {
      const delta = choices[0]?.delta.content;
      if (delta) deltas.push(delta);
      if (choices[0]?.finish_reason) finishes.push(choices[0].finish_reason);
      usage = counted;
    }
    expect(deltas.length).toBeGreaterThan(1);
    expect(deltas.join('')).toBe('A red bicycle.');
    expect(finishes).toEqual(['stop']);
    expect(usage?.completion_tokens).toBeGreaterThan(0);
  });

  it('of the default model is heartbeats, then its text', async () => {
    gateway.sandbox.script({ boot: 300, run: 200 });
    const { fetch, heard } = listeningFetch();
    const stream = await client.withOptions({ fetch }).chat.completions.create({ ...streamed, model: PHI });
    const deltas: string[] = [];
    for await (const { choices } of stream) deltas.push(choices[0]?.delta.content ?? '');
    expect(deltas.filter((delta) => delta !== '')).toEqual(['A red bicycle.']);
    expect(heard()).toMatch(/^(?:: keep-alive\n\n){2,}data: \{/);
  });

  it('has two answers, each whole, where two are asked for', async () => {
    gateway.sandbox.script({ ...SPOKEN, times: 2 });
    const stream = await client.chat.completions.create({ ...streamed, n: 2 });
    const texts = ['', ''];
    const finishes: unknown[] = [];
    for await (const { choices } of stream) {
      for (const { index, delta, finish_reason } of choices) {
        texts[index] += delta.content ?? '';
        if (finish_reason) finishes[index] = finish_reason;
      }
    }
    expect(texts).toEqual(['A red bicycle.', 'A red bicycle.']);
    expect(finishes).toEqual(['stop', 'stop']);
  });

  it('of completions comes in pieces too', async () => {
    gateway.sandbox.script(SPOKEN);
    const body = {
      ...{ model: LLAVA, prompt: 'What is this?', image_urls: PICTURE, max_tokens: 100 },
      ...{ stream: true as const, stream_options: { include_usage: true } },
    };
    const texts: string[] = [];
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const chunk of await client.completions.create(body)) {
      texts.push(chunk.choices[0]?.text ?? '');
      usage = chunk.usage;
    }
    expect(texts.length).toBeGreaterThan(2);
    expect(texts.join('')).toBe('A red bicycle.');
    expect(usage?.completion_tokens).toBeGreaterThan(0);
  });
});

describe("the stream helper of OpenAI's client", () => {
  it('tells of each piece, and of the whole', async () => {
    gateway.sandbox.script(SPOKEN);
    const stream = client.chat.completions.stream({
      ...{ model: LLAVA, messages },
      stream_options: { include_usage: true },
    });
    const events: string[] = [];
    stream.on('connect', () => events.push('connect'));
    stream.on('content.delta', ({ delta }) => events.push(delta));
    stream.on('content.done', ({ content }) => events.push(`done: ${content}`));
    stream.on('end', () => events.push('end'));
    expect(await stream.finalContent()).toBe('A red bicycle.');
    expect(await stream.finalMessage()).toMatchObject({ role: 'assistant', content: 'A red bicycle.' });
    expect((await stream.totalUsage()).completion_tokens).toBeGreaterThan(0);
    await stream.done();
    expect(events[0]).toBe('connect');
    expect(events.slice(1, -2).join('')).toBe('A red bicycle.');
    expect(events.slice(-2)).toEqual(['done: A red bicycle.', 'end']);
  });

  it('can be handed on as bytes and read again', async () => {
    gateway.sandbox.script(SPOKEN);
    const bytes = client.chat.completions.stream({ model: LLAVA, messages }).toReadableStream();
    const again = ChatCompletionStream.fromReadableStream(bytes);
    expect(await again.finalContent()).toBe('A red bicycle.');
  });

  it('parses what has a form', async () => {
    const stream = client.chat.completions.stream({
      model: PHI,
      messages: [...messages, { role: 'user', content: 'A bicycle, wrong first?' }],
      response_format: zodResponseFormat(Bicycle, 'bicycle'),
    });
    const { choices } = await stream.finalChatCompletion();
    expect(choices[0]?.message.parsed).toEqual(RED_BICYCLE);
    expect(gateway.sandbox.bill.creates).toBe(2);
  });

  it('says that a text was cut by its limit', async () => {
    const stream = client.chat.completions.stream({ model: PHI, messages, max_completion_tokens: 2 });
    const { choices } = await stream.finalChatCompletion();
    expect(choices[0]).toMatchObject({ finish_reason: 'length', message: { content: 'A red' } });
  });

  it('says that a form was cut by its limit', async () => {
    const form = zodResponseFormat(Bicycle, 'bicycle');
    const cut = { model: PHI, messages, max_completion_tokens: 2 };
    const error = await refusal(
      client.chat.completions.stream({ ...cut, response_format: form }).finalContent(),
    );
    // And not the client's own LengthFinishReasonError: what was cut is no JSON, and is not sent.
    expect(error).toMatchObject({ constructor: BadRequestError, code: 'structured_output_truncated' });
  });
});

describe("a stream that breaks, at OpenAI's client", () => {
  it('raises the error that the model had, and is not asked for again', async () => {
    gateway.sandbox.script(FAILING);
    const texts: string[] = [];
    const reading = (async () => {
      const stream = await client.chat.completions.create(streamed);
      for await (const { choices } of stream) texts.push(choices[0]?.delta.content ?? '');
    })();
    const error = await refusal(reading);
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ code: 'prediction_failed', type: 'server_error', status: undefined });
    expect(texts.join('')).toBe('A red ');
    expect(gateway.sandbox.bill.creates).toBe(1);
  });

  it('raises it from the helper too', async () => {
    gateway.sandbox.script(FAILING);
    const stream = client.chat.completions.stream({ model: LLAVA, messages });
    expect(await refusal(stream.finalContent())).toMatchObject({ code: 'prediction_failed' });
    expect(stream.errored).toBe(true);
    expect(gateway.sandbox.bill.creates).toBe(1);
  });

  it('raises that the connection is gone', async () => {
    const way = await startBreakingWay(gateway, 'word ');
    try {
      gateway.sandbox.script(ENDLESS);
      const far = client.withOptions({ baseURL: `${way.url}/v1` });
      const reading = (async () => {
        for await (const chunk of await far.chat.completions.create(streamed)) void chunk;
      })();
      expect(await refusal(reading)).toBeInstanceOf(Error);
      await untilCancelled(gateway);
      expect(gateway.sandbox.bill.creates).toBe(1);
    } finally {
      way.close();
    }
  });
});

describe("leaving a stream of OpenAI's client", () => {
  it.each(['break', 'controller.abort()'])('by %s cancels the prediction', async (how) => {
    gateway.sandbox.script(ENDLESS);
    const stream = await client.chat.completions.create(streamed);
    for await (const { choices } of stream) {
      if (choices[0]?.delta.content && how === 'break') break;
      if (choices[0]?.delta.content) stream.controller.abort();
    }
    await untilCancelled(gateway);
  });

  it('by a signal cancels the prediction, also while the model boots', async () => {
    gateway.sandbox.script({ hang: true });
    const leaving = new AbortController();
    const { fetch, heard } = listeningFetch();
    const reading = (async () => {
      const stream = await client
        .withOptions({ fetch })
        .chat.completions.create({ ...streamed, model: PHI }, { signal: leaving.signal });
      setTimeout(() => {
        leaving.abort();
      }, 200);
      for await (const chunk of stream) void chunk;
    })();
    await reading;
    expect(heard()).toMatch(/^(: keep-alive\n\n)+$/);
    await untilCancelled(gateway);
  });

  it('by the abort of the helper cancels the prediction', async () => {
    gateway.sandbox.script(ENDLESS);
    const stream = client.chat.completions.stream({ model: LLAVA, messages });
    stream.once('content', () => {
      stream.abort();
    });
    expect(await refusal(stream.finalContent())).toBeInstanceOf(APIUserAbortError);
    await untilCancelled(gateway);
  });
});
