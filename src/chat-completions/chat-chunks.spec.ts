import { readFile } from 'node:fs/promises';
import type OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../errors/api-error.js';
import type { AnswerEvent, Answers } from '../gateway/question.js';
import { eventStream } from '../http/event-stream.js';
import { clientNames, clients, wholeText } from '../http/event-stream.fixture.js';
import { chatChunks } from './chat-chunks.js';

type Chunk = OpenAI.ChatCompletionChunk;

const NASTY = ['A\n\nevent: error\ndata: {}\n\n', 'data: [DONE]\r\n\r</script>\u2028\u0085\0\ufeff', '“é🚲”'];

const text = (choice: number, piece: string): AnswerEvent => ({
  kind: 'text',
  choice,
  id: `prediction${choice}`,
  text: piece,
});
const end = (choice: number, finishReason: 'stop' | 'length' = 'stop'): AnswerEvent => ({
  kind: 'end',
  choice,
  id: `prediction${choice}`,
  finishReason,
});

const answers = {
  choices: [{ id: 'prediction0', text: '', finishReason: 'stop' }],
  usage: { prompt: 812, completion: 5 },
} as unknown as Answers;

async function* made(
  given: readonly (AnswerEvent | Error)[],
): AsyncGenerator<AnswerEvent, Answers, undefined> {
  for (const event of given) {
    if (event instanceof Error) throw event;
    yield await Promise.resolve(event);
  }
  return answers;
}

const streams = {
  'chat-plain': { events: [text(0, 'A red'), text(0, ' bicycle.'), end(0)], includeUsage: false },
  'chat-usage': { events: [text(0, 'A red'), text(0, ' bicycle.'), end(0)], includeUsage: true },
  'chat-two-choices': {
    events: [
      text(1, 'A red'),
      text(0, 'One'),
      text(1, ' bicycle.'),
      end(1),
      text(0, ' bike'),
      end(0, 'length'),
    ],
    includeUsage: true,
  },
  'chat-nasty-text': { events: [...NASTY.map((piece) => text(0, piece)), end(0)], includeUsage: false },
  'chat-no-text': { events: [end(0)], includeUsage: false },
  'chat-error': {
    events: [text(0, 'A red'), new ApiError('prediction_failed', { message: 'The model failed:\nE1001.' })],
    includeUsage: true,
  },
} as const satisfies Record<string, { events: readonly (AnswerEvent | Error)[]; includeUsage: boolean }>;
type Name = keyof typeof streams;

function framesOf(name: Name): AsyncGenerator<object> {
  const { events, includeUsage } = streams[name];
  return chatChunks(made(events), { model: 'cerebro-phi3', created: 1755137921, includeUsage });
}

function written(name: Name): Promise<string> {
  const stream = eventStream(framesOf(name), {
    heartbeatMs: 60_000,
    onStart: () => undefined,
    onStalled: () => undefined,
    onError: (thrown) => thrown as ApiError,
  });
  return wholeText(stream);
}

async function read(name: Name, client: keyof typeof clients, step = 3): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for await (const chunk of clients[client].read<Chunk>(await written(name), step)) chunks.push(chunk);
  return chunks;
}

function textOf(chunks: readonly Chunk[], index: number): string {
  const choices = chunks.flatMap((chunk) => chunk.choices).filter((choice) => choice.index === index);
  return choices.map(({ delta }) => delta.content ?? '').join('');
}

describe('chatChunks', () => {
  it.each(Object.keys(streams) as Name[])('writes the bytes of %s', async (name) => {
    const file = new URL(`../../test/fixtures/streams/${name}.txt`, import.meta.url);
    expect(await written(name)).toBe(await readFile(file, 'utf8'));
  });

  it('gives the role of a choice once, before its text', async () => {
    const chunks = await read('chat-two-choices', 'openai 7');
    for (const index of [0, 1]) {
      const deltas = chunks
        .flatMap((chunk) => chunk.choices)
        .filter((choice) => choice.index === index)
        .map(({ delta }) => delta);
      expect(deltas[0]).toEqual({ role: 'assistant', content: '', refusal: null });
      expect(deltas.slice(1).filter((delta) => 'role' in delta)).toEqual([]);
      expect(deltas.at(-1)).toEqual({});
    }
  });

  it('has one id in all chunks: that of the prediction that spoke first', async () => {
    const chunks = await read('chat-two-choices', 'openai 7');
    expect(new Set(chunks.map(({ id }) => id))).toEqual(new Set(['chatcmpl-prediction1']));
  });

  it('writes no chunk for a piece without text', async () => {
    const options = { model: 'm', created: 1, includeUsage: false };
    const chunks = [];
    for await (const chunk of chatChunks(made([text(0, ''), text(0, ''), end(0)]), options))
      chunks.push(chunk);
    expect(chunks).toHaveLength(2);
  });

  it('ends the answer when its reader leaves', async () => {
    let ended = false;
    const events = (async function* (): AsyncGenerator<AnswerEvent, Answers, undefined> {
      try {
        while (true) yield await Promise.resolve(text(0, 'x'));
      } finally {
        ended = true;
      }
    })();
    for await (const chunk of chatChunks(events, { model: 'm', created: 1, includeUsage: true })) {
      expect(chunk).toHaveProperty('id', 'chatcmpl-prediction0');
      break;
    }
    expect(ended).toBe(true);
  });
});

describe.each(clientNames)('%s', (client) => {
  it('reads the text, whatever it contains (A20, P33)', async () => {
    expect(textOf(await read('chat-plain', client), 0)).toBe('A red bicycle.');
    expect(textOf(await read('chat-nasty-text', client), 0)).toBe(NASTY.join(''));
    expect(textOf(await read('chat-nasty-text', client, 1), 0)).toBe(NASTY.join(''));
  });

  it('tells the choices apart', async () => {
    const chunks = await read('chat-two-choices', client);
    expect(textOf(chunks, 0)).toBe('One bike');
    expect(textOf(chunks, 1)).toBe('A red bicycle.');
    const reasons = chunks.flatMap(({ choices }) => choices).map((choice) => choice.finish_reason);
    expect(reasons.filter((reason) => reason !== null)).toEqual(['stop', 'length']);
  });

  it('gets the counts where it asked for them', async () => {
    const chunks = await read('chat-usage', client);
    expect(chunks.at(-1)?.usage).toMatchObject({
      prompt_tokens: 812,
      completion_tokens: 5,
      total_tokens: 817,
    });
    expect(chunks.slice(0, -1).map(({ usage }) => usage)).toEqual([null, null, null, null]);
    expect((await read('chat-plain', client)).filter((chunk) => 'usage' in chunk)).toEqual([]);
  });

  it('raises its error where the answer breaks off', async () => {
    const failure: unknown = await read('chat-error', client).catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(clients[client].APIError);
    expect(failure).toMatchObject({ message: 'The model failed:\nE1001.', code: 'prediction_failed' });
  });
});
