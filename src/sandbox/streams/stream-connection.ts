// One reader of a stream: writes to it at the reader's pace, and ends it when there was nothing to write for
// too long.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { IDLE_TIMEOUT } from './event.wire.js';

const headers = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };

/** An open stream. */
export class StreamConnection {
  private readonly left = new AbortController();
  private timer: NodeJS.Timeout | undefined;

  /** Sends the headers. `idle` is in milliseconds. */
  constructor(
    private readonly raw: ServerResponse,
    private readonly idle: number,
  ) {
    raw.once('close', () => {
      this.leave();
    });
    raw.writeHead(200, headers);
    this.restartTimer();
  }

  /** Fires when nothing more can be written, whoever ended it. */
  get gone(): AbortSignal {
    return this.left.signal;
  }

  /** Writes, and waits until the reader has taken it or is gone. */
  async write(bytes: string | Uint8Array): Promise<void> {
    if (this.gone.aborted) return;
    this.restartTimer();
    if (this.raw.write(bytes)) return;
    // Being gone ends the wait too.
    await once(this.raw, 'drain', { signal: this.gone }).catch(() => undefined);
  }

  /** Writes nothing more, and does not end for it. */
  fallSilent(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** Ends the stream as HTTP ends. */
  end(lastBytes = ''): void {
    this.leave();
    this.raw.end(lastBytes);
  }

  /** Ends the connection in the middle of the answer, after what has been written. */
  cut(): void {
    this.leave();
    this.raw.socket?.destroySoon();
  }

  /** One timer for the life of the stream, however many events it has. */
  private restartTimer(): void {
    this.timer?.refresh();
    this.timer ??= setTimeout(() => {
      this.end(IDLE_TIMEOUT);
    }, this.idle);
  }

  private leave(): void {
    clearTimeout(this.timer);
    this.left.abort();
  }
}
