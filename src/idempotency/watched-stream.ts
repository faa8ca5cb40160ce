// Passes a streamed answer on, and tells how it ended: the call is running until then.

/** A stream, as handlers return it. */
export type Streamed = AsyncGenerator<unknown, unknown, undefined>;

/** Whether a handler's answer is a stream. */
export function isStreamed(body: unknown): body is Streamed {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body && 'next' in body;
}

/**
 * The same stream.
 *
 * @param onEnd called and waited for once: without an argument at its end and when its reader has left, also before the
 *   first piece; with what was thrown when it fails
 */
export function watched(stream: Streamed, onEnd: (failure?: { thrown: unknown }) => Promise<void>): Streamed {
  return new WatchedStream(stream, onEnd);
}

/** A generator function would not hear of a reader who leaves before the first piece; this does. */
class WatchedStream implements Streamed {
  private hasEnded = false;

  constructor(
    private readonly stream: Streamed,
    private readonly onEnd: (failure?: { thrown: unknown }) => Promise<void>,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<unknown, unknown>> {
    try {
      const result = await this.stream.next();
      if (result.done) await this.end();
      return result;
    } catch (thrown) {
      await this.end({ thrown });
      throw thrown;
    }
  }

  async return(value?: unknown): Promise<IteratorResult<unknown, unknown>> {
    try {
      return await this.stream.return(value);
    } finally {
      await this.end();
    }
  }

  async throw(thrown: unknown): Promise<IteratorResult<unknown, unknown>> {
    try {
      return await this.stream.throw(thrown);
    } finally {
      await this.end({ thrown });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  private async end(failure?: { thrown: unknown }): Promise<void> {
    if (this.hasEnded) return;
    this.hasEnded = true;
    await this.onEnd(failure);
  }
}
