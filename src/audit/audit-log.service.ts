// The audit log: who did what, for good. Events are added in the transaction of what they are about.
import { Injectable } from '@nestjs/common';
import { isId } from '../contracts/identifier.js';
import { ApiError } from '../errors/api-error.js';
import type { AuditEvent, AuditEventInput, AuditFilter } from './audit-event.js';
import { AuditEventsRepository, type Transaction } from './audit-events.repository.js';
import { type Flaw, flawOf, GENESIS, type Link, START } from './chain.js';
import { newEntry, toAuditEvent } from './entry.js';

/** A part of the log, in its order. */
export interface AuditQuery extends AuditFilter {
  /** Id of the last event before this part; absent: from the start. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** What a check of the log has found. */
export type Verification =
  | {
      readonly ok: true;
      readonly events: number;
      /** The last hash, in hexadecimal. Whoever keeps it elsewhere can tell later whether the log's end was cut off. */
      readonly head: string;
    }
  | {
      readonly ok: false;
      /** Events before it that are as they were written. */
      readonly events: number;
      /** Number of the first event that does not fit, or is missing. */
      readonly seq: number;
      /** `head`: no event has the head that was expected. See {@link Flaw} for the others. */
      readonly reason: Flaw | 'head';
    };

/** Events in memory at a time, while the log is checked. */
const PAGE = 500;

/** Adds to, reads and checks the audit log. */
@Injectable()
export class AuditLog {
  constructor(private readonly events: AuditEventsRepository) {}

  /**
   * Adds an event, which becomes true with the transaction, or not at all. One transaction at a time can add events,
   * until its end: record as the last thing before the commit.
   *
   * @param tx of the change that the event is about
   */
  record(tx: Transaction, event: AuditEventInput): Promise<void> {
    return this.events.append(tx, newEntry(event));
  }

  /**
   * Events in the order in which they were recorded, the oldest first.
   *
   * @throws {ApiError} `invalid_value` for an `after` that is no event's id
   */
  async list({ after, limit, ...filter }: AuditQuery): Promise<AuditEvent[]> {
    const from = after === undefined ? START.seq : await this.numberOf(after);
    const rows = await this.events.after(from, limit, filter);
    return rows.map(({ entry, hash }) => toAuditEvent(entry, hash));
  }

  /**
   * Makes every hash of the chain again, and compares. What a chain cannot show is that its end is missing.
   *
   * @param options.expectedHead a head that was given earlier, in hexadecimal: the chain must lead through it. The head
   *   of an empty log, 64 zeros, is one of an empty log alone
   */
  async verify({ expectedHead }: { expectedHead?: string | undefined } = {}): Promise<Verification> {
    const expected = expectedHead?.toLowerCase();
    let last: Link = START;
    let isHeadSeen = expected === undefined;
    for (;;) {
      const rows = await this.events.after(last.seq, PAGE);
      for (const row of rows) {
        const flaw = flawOf(row, last);
        if (flaw) return { ok: false, events: Number(last.seq), seq: Number(last.seq) + 1, reason: flaw };
        last = row;
        isHeadSeen ||= hex(row.hash) === expected;
      }
      if (rows.length < PAGE) break;
    }
    const events = Number(last.seq);
    // Every chain begins there, so that it is the head of none that has events.
    if (events === 0) isHeadSeen ||= expected === hex(GENESIS);
    return isHeadSeen
      ? { ok: true, events, head: hex(last.hash) }
      : { ok: false, events, seq: events + 1, reason: 'head' };
  }

  private async numberOf(id: string): Promise<bigint> {
    const seq = isId('aud_', id) ? await this.events.numberOf(id) : undefined;
    if (seq !== undefined) return seq;
    throw new ApiError('invalid_value', {
      param: 'after',
      message: `No such audit event: '${id.slice(0, 64)}'.`,
    });
  }
}

function hex(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex');
}
