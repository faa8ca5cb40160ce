// Whether stored events are as they were written: every hash made again here, not by the database that may have been
// tampered with.
import { hash as digest } from 'node:crypto';
import type { AuditEvent as Row } from '../database/client/client.js';
import { type Entry, parseEntry } from './entry.js';

/** What stands before the first event. */
export const GENESIS = Buffer.alloc(32);

/**
 * Why an event does not fit:
 *
 * - `gap`: an event is missing.
 * - `chain`: it does not follow from the one before it.
 * - `hash`: it is not what its hash was made of.
 * - `column`: what it is found by is not what it says.
 */
export type Flaw = 'gap' | 'chain' | 'hash' | 'column';

/** How far a chain was followed. */
export interface Link {
  readonly seq: bigint;
  readonly hash: Uint8Array;
}

/** Where each chain begins. */
export const START: Link = { seq: 0n, hash: GENESIS };

/** What is wrong with the event that comes after a link; undefined: nothing. */
export function flawOf(row: Row, { seq, hash }: Link): Flaw | undefined {
  if (row.seq !== seq + 1n) return 'gap';
  if (!isSame(row.prevHash, hash)) return 'chain';
  if (!isSame(row.hash, chainedHash(row.prevHash, row.entry))) return 'hash';
  return isFoundByItself(row) ? undefined : 'column';
}

/** SHA-256 of the hash before and the entry's UTF-8. */
export function chainedHash(previous: Uint8Array, entry: string): Buffer {
  return digest('sha256', Buffer.concat([previous, Buffer.from(entry)]), 'buffer');
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Whether the columns that filters and indexes read say what the entry says. */
function isFoundByItself(row: Row): boolean {
  const { seq, id, at, action, actor, target }: Partial<Entry> = readable(row.entry);
  return (
    String(row.seq) === String(seq) &&
    row.id === id &&
    row.at.getTime() === at &&
    row.action === action &&
    row.actorId === (actor?.id ?? null) &&
    row.targetId === target?.id &&
    row.tenantId === (target.tenant_id ?? null)
  );
}

/** Nothing, where it is no JSON: that can only be the work of who has made all hashes anew. */
function readable(entry: string): Partial<Entry> {
  try {
    return parseEntry(entry);
  } catch {
    return {};
  }
}
