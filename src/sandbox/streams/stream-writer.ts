// Writes the events of a prediction to a reader, spoiled in the way that a fault asks for.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { StreamFault } from '../faults/stream-fault.js';
import { doneEvent, errorEvent, GREETING, outputEvent } from './event.wire.js';
import type { StreamConnection } from './stream-connection.js';
import { streamEvents, type StreamEvent, type StreamSource } from './stream-events.js';

const HUGE_LINE = 10 * 1024 * 1024;

/**
 * Milliseconds before a cut: readers drop what they have not read when the connection breaks at the same
 * moment.
 */
const CUT_DELAY = 20;

/** The longest that a timer can run, in milliseconds: three weeks. */
const FOREVER = 2 ** 31 - 1;

/** What a parser has to skip: lines without a meaning, an unknown event, a byte that is no UTF-8. */
const NOISE = Buffer.concat([
  Buffer.from('<html>\r\nretry\n\nevent: telemetry\ndata: {"load": 1}\n\n: '),
  Buffer.from([0xff]),
  Buffer.from('\n\n'),
]);

/** Writes one stream. */
export class StreamWriter {
  private written = 0;
  private isSpoiled = false;

  constructor(
    private readonly connection: StreamConnection,
    private readonly fault: StreamFault | undefined,
  ) {}

  /**
   * Writes everything after the first `seen` outputs. The connection then stays open for the reader to close,
   * unless the fault ends it.
   */
  async run(source: StreamSource, seen: number): Promise<void> {
    const { gone } = this.connection;
    await this.write(this.fault?.kind === 'awkward' ? `\uFEFF${GREETING}` : GREETING);
    for await (const event of streamEvents(source, seen, gone)) {
      if (this.fault && this.isDue(this.fault, event)) await this.spoil(this.fault);
      if (gone.aborted) return;
      await this.write(this.encoded(event));
      if (event.kind === 'output') this.written += 1;
    }
  }

  private isDue({ kind, after = 0 }: StreamFault, event: StreamEvent): boolean {
    if (this.isSpoiled) return false;
    return kind === 'noDone' ? event.kind === 'done' : this.written >= after;
  }

  private async spoil(fault: StreamFault): Promise<void> {
    this.isSpoiled = true;
    switch (fault.kind) {
      case 'stall':
        return this.stall(fault.ms ?? FOREVER);
      case 'cut':
        await sleep(CUT_DELAY);
        this.connection.cut();
        return;
      case 'noDone':
        this.connection.end();
        return;
      case 'errorEvent':
        this.connection.end(errorEvent('Something went wrong') + doneEvent('error'));
        return;
      case 'malformed':
        return this.connection.write(NOISE);
      case 'hugeLine':
        return this.connection.write(`event: output\ndata: ${'x'.repeat(fault.size ?? HUGE_LINE)}\n\n`);
      default:
    }
  }

  /** The reader's leaving ends it, and is no error. */
  private async stall(milliseconds: number): Promise<void> {
    this.connection.fallSilent();
    await sleep(milliseconds, undefined, { signal: this.connection.gone }).catch(() => undefined);
  }

  private encoded(event: StreamEvent): string {
    if (event.kind === 'error') return errorEvent(event.detail);
    if (event.kind === 'output') {
      const text = outputEvent(event.id, event.text);
      return this.fault?.kind === 'duplicateIds' ? text + text : text;
    }
    return this.fault?.kind === 'malformed' ? 'event: done\ndata: {"reason":\n\n' : doneEvent(event.reason);
  }

  private async write(text: string): Promise<void> {
    if (this.fault?.kind !== 'awkward') return this.connection.write(text);
    for (const byte of Buffer.from(text.replaceAll('\n', '\r'))) {
      await this.connection.write(Uint8Array.of(byte));
      await nextTurn();
    }
  }
}
