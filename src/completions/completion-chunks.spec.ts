import { readFile } from 'node:fs/promises';
import type OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../errors/api-error.js';
import type { AnswerEvent, Answers } from '../gateway/question.js';
import { eventStream } from '../http/event-stream.js';
import { clientNames, clients, wholeText } from '../http/event-stream.fixture.js';
import { type CompletionChunkOptions, completionChunks } from './completion-chunks.js';

type Chunk = OpenAI.Completion;

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
  usage: { prompt: 5, completion: 6 },
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

interface Stream {
  readonly events: readonly (AnswerEvent | Error)[];
  readonly options?: Partial<CompletionChunkOptions>;
}

const streams = {
  'completions-plain': { events: [text(0, 'A red'), text(0, ' bicycle.'), end(0)] },
  'completions-usage': {
    events: [text(0, 'A red'), text(0, ' bicycle.'), end(0, 'length')],
    options: { includeUsage: true },
  },
  'completions-echo': {
    events: [text(0, ' A red'), text(1, ' One'), text(0, ' bicycle.'), end(0), end(1), end(2)],
    options: { echo: 'What is it?\n' },
  },
  'completions-error': {
    events: [text(0, 'A red'), new ApiError('upstream_timeout', { message: 'Too late.' })],
  },
} as const satisfies Record<string, Stream>;
type Name = keyof typeof streams;

function written(name: Name): Promise<string> {
  const { events, options }: Stream = streams[name];
  const frames = completionChunks(made(events), {
    model: 'cerebro-phi3',
    created: 1759117370,
    includeUsage: false,
    ...options,
  });
  const stream = eventStream(frames, {
    heartbeatMs: 60_000,
    onStart: () => undefined,
    onStalled: () => undefined,
    onError: (thrown) => thrown as ApiError,
  });
  return wholeText(stream);
}

async function read(name: Name, client: keyof typeof clients): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for await (const chunk of clients[client].read<Chunk>(await written(name), 5)) chunks.push(chunk);
  return chunks;
}

function textOf(chunks: readonly Chunk[], index: number): string {
  const choices = chunks.flatMap((chunk) => chunk.choices).filter((choice) => choice.index === index);
  return choices.map((choice) => choice.text).join('');
}

describe('completionChunks', () => {
  it.each(Object.keys(streams) as Name[])('writes the bytes of %s', async (name) => {
    const file = new URL(`../../test/fixtures/streams/${name}.txt`, import.meta.url);
    expect(await written(name)).toBe(await readFile(file, 'utf8'));
  });

  it('holds no text back to tell with it why a choice ended', async () => {
    const { promise, resolve } = Promise.withResolvers<AnswerEvent>();
    const events = (async function* (): AsyncGenerator<AnswerEvent, Answers, undefined> {
      yield text(0, 'All of it.');
      yield await promise;
      return answers;
    })();
    const chunks = completionChunks(events, { model: 'm', created: 1, includeUsage: false });
    const first = await chunks.next();
    expect(first.value).toMatchObject({ choices: [{ text: 'All of it.', finish_reason: null }] });
    resolve(end(0));
    const last = await chunks.next();
    expect(last.value).toMatchObject({ choices: [{ text: '', finish_reason: 'stop' }] });
  });
});

describe.each(clientNames)('%s', (client) => {
  it('reads the text and why it ended', async () => {
    const chunks = await read('completions-plain', client);
    expect(textOf(chunks, 0)).toBe('A red bicycle.');
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop');
    expect(new Set(chunks.map(({ id, object }) => `${object} ${id}`))).toEqual(
      new Set(['text_completion prediction0']),
    );
  });

  it('gets the counts where it asked for them', async () => {
    const chunks = await read('completions-usage', client);
    const { usage, choices } = chunks.at(-1) ?? {};
    expect(usage).toEqual({ prompt_tokens: 5, completion_tokens: 6, total_tokens: 11 });
    expect(choices).toEqual([]);
    expect(chunks.slice(0, -1).map((chunk) => chunk.usage)).toEqual([null, null, null]);
    expect((await read('completions-plain', client)).filter((chunk) => 'usage' in chunk)).toEqual([]);
  });

  it('reads the prompt once before each choice, also before one without text', async () => {
    const chunks = await read('completions-echo', client);
    expect(textOf(chunks, 0)).toBe('What is it?\n A red bicycle.');
    expect(textOf(chunks, 1)).toBe('What is it?\n One');
    expect(textOf(chunks, 2)).toBe('What is it?\n');
  });

  it('raises its error where the answer breaks off', async () => {
    const failure: unknown = await read('completions-error', client).catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(clients[client].APIError);
    expect(failure).toMatchObject({ code: 'upstream_timeout', type: 'server_error' });
  });
});
