// Reads event streams of a gateway as a client on a bare connection does: it can stop reading, and it can hang up.
import { type ChildProcess, execFile } from 'node:child_process';
import { type IncomingMessage, request } from 'node:http';
import { promisify } from 'node:util';
import { createParser } from 'eventsource-parser';
import { canary } from './canary.js';
import { conformantStream, expectConformant } from './conformance.js';
import { eventually } from './gateway.js';

/** Where to ask. */
export interface Streaming {
  readonly url: string;
  readonly key: string;
}

/** What to ask. */
export interface StreamSent {
  /** Sent as JSON, with `stream: true`. */
  readonly body: Readonly<Record<string, unknown>>;
  /** `/v1/chat/completions` by default. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Reads nothing of the body until `resume` is called. */
  readonly paused?: boolean;
  /** Whether the whole stream is held against the documents at its end; yes by default. */
  readonly checked?: boolean;
}

/** One chunk of either door. */
interface Chunk {
  readonly id: string;
  readonly choices: readonly {
    readonly index: number;
    readonly text?: string;
    readonly delta?: { readonly content?: string };
    readonly finish_reason: string | null;
  }[];
  readonly usage?: Readonly<Record<string, number>> | null;
  readonly error?: Readonly<Record<string, unknown>>;
}

/** An answer, while it is read. */
export class OpenStream {
  /** Everything that has come. */
  text = '';
  /** The parsed frames, but for `[DONE]`. */
  readonly chunks: Chunk[] = [];
  /** The pieces of text in the order in which they came, with their choice. */
  readonly pieces: { readonly choice: number; readonly text: string }[] = [];
  /** How many comments have come. */
  comments = 0;
  /** Whether `[DONE]` has come. */
  isDone = false;
  /** How the connection ended, if it has. */
  end: 'whole' | 'broken' | undefined;
  private readonly decoder = new TextDecoder();
  private readonly parser = createParser({
    onEvent: ({ data }) => this.take(data),
    onComment: () => (this.comments += 1),
  });

  constructor(
    private readonly answer: IncomingMessage,
    private readonly sent: StreamSent,
  ) {
    // A connection that breaks says so by `close` too.
    answer.on('error', () => undefined);
    answer.on('close', () => (this.end = answer.complete ? 'whole' : 'broken'));
    if (sent.paused) answer.pause();
    else this.resume();
  }

  get status(): number {
    return this.answer.statusCode ?? 0;
  }

  get headers(): IncomingMessage['headers'] {
    return this.answer.headers;
  }

  /** Whether the answer is an event stream, and not JSON. */
  get isStream(): boolean {
    return this.headers['content-type']?.startsWith('text/event-stream') ?? false;
  }

  /** The answer as JSON, when it is that. */
  get json(): never {
    return JSON.parse(this.text) as never;
  }

  /** The frame of an error, when there was one. */
  get error(): Chunk['error'] {
    return this.chunks.find(({ error }) => error)?.error;
  }

  get usage(): Chunk['usage'] {
    return this.chunks.findLast(({ usage }) => usage)?.usage;
  }

  /** The text of a choice. */
  textOf(choice = 0): string {
    return this.pieces
      .filter((piece) => piece.choice === choice)
      .map(({ text }) => text)
      .join('');
  }

  finishReason(choice = 0): string | undefined {
    const ends = this.chunks.flatMap(({ choices = [] }) => choices);
    return (
      ends.find(({ index, finish_reason }) => index === choice && finish_reason)?.finish_reason ?? undefined
    );
  }

  /** Reads on, as fast as it comes. */
  resume(): void {
    this.answer.on('data', (bytes: Buffer) => this.feed(bytes));
    this.answer.resume();
  }

  /** Reads on at a slow pace: `bytes` at most, then a pause of `ms`. */
  async readSlowly(bytes: number, ms: number): Promise<void> {
    while (this.end === undefined) {
      const part = (this.answer.read(bytes) ?? this.answer.read()) as Buffer | null;
      if (part) this.feed(part);
      await new Promise((resolve) => setTimeout(resolve, ms));
    }
  }

  /** Stops reading. The connection stays open. */
  pause(): void {
    this.answer.pause();
  }

  /** Hangs up. */
  leave(): void {
    this.answer.destroy();
  }

  /** Waits for the first piece of text. */
  firstPiece(): Promise<void> {
    return eventually('a piece of text', () => this.pieces.length > 0);
  }

  /** Waits for the end, and holds everything against the documents. */
  async toEnd(limitMs = 20_000): Promise<this> {
    await eventually('the end of a stream', () => this.end !== undefined, limitMs);
    const { path = '/v1/chat/completions', checked = true } = this.sent;
    if (!checked) return this;
    if (this.isStream) conformantStream(this.text, { path, left: this.end === 'broken' });
    else
      expectConformant({ method: 'POST', path, status: this.status, headers: this.headers, text: this.text });
    return this;
  }

  private feed(bytes: Buffer): void {
    const text = this.decoder.decode(bytes, { stream: true });
    this.text += text;
    if (this.isStream) this.parser.feed(text);
  }

  private take(data: string): void {
    if (data === '[DONE]') {
      this.isDone = true;
      return;
    }
    const chunk = JSON.parse(data) as Chunk;
    this.chunks.push(chunk);
    for (const { index, delta, text = delta?.content ?? '' } of chunk.choices ?? []) {
      if (text !== '') this.pieces.push({ choice: index, text });
    }
  }
}

/** A request for a stream whose answer may not have begun. */
export interface PendingStream {
  /** The answer, as soon as its headers are there. */
  readonly answer: Promise<OpenStream>;
  /** Hangs up. The answer then fails, unless it has come. */
  readonly leave: () => void;
}

/** Asks for a stream, on a connection of its own. */
export function askForStream({ url, key }: Streaming, sent: StreamSent): PendingStream {
  canary.sent(sent.body);
  const asking = request(url + (sent.path ?? '/v1/chat/completions'), {
    method: 'POST',
    agent: false,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...sent.headers },
  });
  const answer = new Promise<OpenStream>((resolve, reject) => {
    asking.on('response', (response) => resolve(new OpenStream(response, sent)));
    asking.on('error', reject);
  });
  // Whoever hangs up does not wait for it.
  answer.catch(() => undefined);
  asking.end(JSON.stringify({ ...sent.body, stream: true }));
  return { answer, leave: () => asking.destroy() };
}

/** Asks for a stream and waits until its answer has begun. */
export function openStream(gateway: Streaming, sent: StreamSent): Promise<OpenStream> {
  return askForStream(gateway, sent).answer;
}

/** Asks for a stream and reads all of it. */
export async function readStream(gateway: Streaming, sent: StreamSent): Promise<OpenStream> {
  const stream = await openStream(gateway, sent);
  return stream.toEnd();
}

/** A chat of one question, about no picture, of a model that streams unless another is named. */
export function chat(question = 'Tell me.', changes: Readonly<Record<string, unknown>> = {}): StreamSent {
  return { body: { model: STREAMING_MODEL, messages: [{ role: 'user', content: question }], ...changes } };
}

/** A model that streams, and needs no picture. */
export const STREAMING_MODEL = 'meta/meta-llama-3-8b-instruct';

/** The resident memory of a gateway in a process of its own, in megabytes. */
export async function residentMemory({ child }: { readonly child: ChildProcess }): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(child.pid)]);
  return Number(stdout) / 1024;
}
