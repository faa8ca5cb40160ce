// Listens to the event streams of predictions. Never sends the API token: a stream's address is its permission.
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { type Dispatcher, request } from 'undici';
import { readEvents, type StreamEvent } from './event-stream.js';

/** Hosts of Replicate's streams. */
const STREAM_HOST = /^(?:[\w-]+\.)+replicate\.(?:com|net)$/;

/** Replicate ends a silent stream after 30 s; one that is silent for longer has gone unnoticed. In milliseconds. */
const IDLE = 35_000;

/** How long to wait for the head of an answer, in milliseconds. */
const HEADERS_TIMEOUT = 10_000;

/** Connections in a row that may bring nothing new before the stream is given up. */
const MAX_FRUITLESS = 4;

/** Pause before the second connection, doubled with each that follows in vain, in milliseconds. */
const FIRST_PAUSE = 250;

/** Ids that are remembered to leave out what is sent again; a stream with more is not connected to again. */
const MAX_IDS = 100_000;

/** What may be sent back as `Last-Event-ID`. */
const SENDABLE_ID = /^[\x21-\x7e]{1,200}$/;

/** How to listen. */
export interface StreamWatchOptions {
  readonly dispatcher: Dispatcher;
  /** Of Replicate's API: its origin may have streams too, as the sandbox's does. */
  readonly baseUrl: string;
  /** Longest silence on a connection, in milliseconds. */
  readonly idleMs?: number;
  /** Pause before the second connection, in milliseconds. */
  readonly pauseMs?: number;
}

/** How a stream ended: with `done`, or otherwise, when only asking for the prediction tells how it stands. */
export type StreamEnd = 'done' | 'broken';

/** One prediction's stream, over all its connections. */
interface Progress {
  /** Ids of events, and which connection brought them first. */
  readonly seen: Map<string, number>;
  lastId: string | undefined;
  /** What the last event with an id said. */
  lastData: string;
  connections: number;
  /** Connections since the last event. */
  fruitless: number;
}

/** Listens to streams. */
export class StreamWatch {
  private readonly logger = new Logger(StreamWatch.name);

  constructor(private readonly options: StreamWatchOptions) {}

  /**
   * The events of a stream up to `done`, each once, connecting again where it breaks off. Nothing here fails: what
   * goes wrong ends the stream as `broken`, as does the signal.
   *
   * @param address as Replicate gave it; one that is not on a host of its streams is not asked
   */
  async *events(address: string, signal: AbortSignal): AsyncGenerator<StreamEvent, StreamEnd> {
    const url = this.allowed(address);
    const progress: Progress = {
      seen: new Map(),
      lastId: undefined,
      lastData: '',
      connections: 0,
      fruitless: 0,
    };
    try {
      while (url && progress.fruitless < MAX_FRUITLESS && progress.seen.size < MAX_IDS) {
        if (progress.connections > 0) await sleep(this.pauseAfter(progress.fruitless), undefined, { signal });
        progress.connections += 1;
        progress.fruitless += 1;
        const end = yield* this.listen(url, progress, signal);
        if (end) return end;
      }
    } catch (error) {
      if (!signal.aborted) this.logger.debug(`a stream was given up: ${(error as Error).message}`);
    }
    return 'broken';
  }

  /** One connection; undefined where another may bring more. */
  private async *listen(
    url: URL,
    progress: Progress,
    signal: AbortSignal,
  ): AsyncGenerator<StreamEvent, StreamEnd | undefined> {
    const answer = await this.connect(url, progress.lastId, signal).catch((error: unknown) => {
      if (signal.aborted) throw error;
      return undefined;
    });
    if (!answer) return undefined;
    // Without a listener, a connection that breaks while nobody reads would end the process.
    const body = answer.body.on('error', () => undefined);
    try {
      if (answer.statusCode >= 500) return undefined;
      if (answer.statusCode !== 200 || !isEventStream(answer)) return 'broken';
      for await (const event of readEvents(readable(body, signal))) {
        if (isRepeated(event, progress)) continue;
        progress.fruitless = 0;
        yield event;
        if (event.type === 'done') return 'done';
      }
      return undefined;
    } finally {
      body.destroy();
    }
  }

  private connect(
    url: URL,
    lastId: string | undefined,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    return request(url, {
      dispatcher: this.options.dispatcher,
      headers: {
        accept: 'text/event-stream',
        ...(lastId !== undefined && SENDABLE_ID.test(lastId) && { 'last-event-id': lastId }),
      },
      signal,
      headersTimeout: HEADERS_TIMEOUT,
      bodyTimeout: this.options.idleMs ?? IDLE,
    });
  }

  private allowed(address: string): URL | undefined {
    const url = URL.parse(address);
    if (!url || url.username || url.password) return undefined;
    const isReplicate = url.protocol === 'https:' && url.port === '' && STREAM_HOST.test(url.hostname);
    return isReplicate || url.origin === URL.parse(this.options.baseUrl)?.origin ? url : undefined;
  }

  private pauseAfter(fruitless: number): number {
    return (this.options.pauseMs ?? FIRST_PAUSE) * 2 ** Math.max(0, fruitless - 1);
  }
}

/** The bytes of a body up to where it breaks off. */
async function* readable(body: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    if (signal.aborted) throw error;
  }
}

function isEventStream({ headers }: Dispatcher.ResponseData): boolean {
  const type = headers['content-type'];
  return typeof type === 'string' && /^text\/event-stream\b/i.test(type);
}

/**
 * Whether an event has come before; notes it. On one connection only what is said twice in a row, word for word, is
 * taken for a repetition: nobody promises that ids differ there.
 */
function isRepeated({ type, id, data }: StreamEvent, progress: Progress): boolean {
  if (id === undefined) return false;
  const broughtBy = progress.seen.get(id) ?? progress.connections;
  const isSaidAgain = id === progress.lastId && data === progress.lastData;
  if (progress.seen.size < MAX_IDS) progress.seen.set(id, broughtBy);
  progress.lastId = id;
  progress.lastData = data;
  return (broughtBy < progress.connections || isSaidAgain) && (type === 'output' || type === 'logs');
}
