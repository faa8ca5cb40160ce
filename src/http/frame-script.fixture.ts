// Frames that a test hands to a stream one by one, under fake timers.
import { vi } from 'vitest';
import { ApiError } from '../errors/api-error.js';
import { eventStream } from './event-stream.js';

/** The longest silence of the streams here, in milliseconds. */
export const HEARTBEAT = 10_000;

/** A stream of frames, with what became of it. */
export function open(frames: AsyncIterable<object>) {
  const seen = { starts: 0, stalls: 0, errors: [] as unknown[] };
  const stream = eventStream(frames, {
    heartbeatMs: HEARTBEAT,
    onStart: () => void seen.starts++,
    onStalled: () => void seen.stalls++,
    onError: (thrown) => {
      seen.errors.push(thrown);
      return thrown instanceof ApiError ? thrown : new ApiError('internal_error', { cause: thrown });
    },
  });
  return { stream, seen };
}

/** Frames that a test hands out one by one; counts how they are asked for. */
export class Script implements AsyncIterableIterator<object> {
  asked = 0;
  listeners = 0;
  returned = 0;
  private waiting: PromiseWithResolvers<IteratorResult<object>> | undefined;

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<object>> {
    this.asked++;
    this.waiting = Promise.withResolvers();
    const { promise } = this.waiting;
    const then = promise.then.bind(promise);
    promise.then = ((...handlers: Parameters<typeof then>) => {
      this.listeners++;
      return then(...handlers);
    }) as typeof promise.then;
    return promise;
  }

  return(): Promise<IteratorResult<object>> {
    this.returned++;
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Hands a frame over. */
  give(frame: object): Promise<void> {
    this.waiting?.resolve({ done: false, value: frame });
    return settled();
  }

  /** Ends the frames. */
  end(): Promise<void> {
    this.waiting?.resolve({ done: true, value: undefined });
    return settled();
  }

  /** Breaks the frames off. */
  fail(thrown: unknown): Promise<void> {
    this.waiting?.reject(thrown);
    return settled();
  }
}

/** Until everything that can go on has gone on. */
export async function settled(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

/** Frames that are there already. */
export async function* listed(...frames: object[]): AsyncGenerator<object> {
  for (const frame of frames) yield await Promise.resolve(frame);
}
