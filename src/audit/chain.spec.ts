// Tampering by one who may do everything in the database, and what of it the check finds.
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withSession } from '../database/migrations.js';
import { eventOf, openAuditLog, type OpenAuditLog } from './audit.fixture.js';
import { chainedHash, flawOf, GENESIS, START } from './chain.js';

let open: OpenAuditLog;
beforeEach(async () => {
  open = await openAuditLog();
  for (let i = 0; i < 6; i++) await open.prisma.$transaction((tx) => open.log.record(tx, eventOf()));
});
afterEach(() => open.close());

/** With every trigger out of the way. */
async function tamper(...statements: string[]): Promise<void> {
  await withSession(open.url, async (session) => {
    await session.query('ALTER TABLE audit_events DISABLE TRIGGER ALL');
    for (const statement of statements) await session.query(statement);
  });
}

const REHASHED = "hash = sha256(prev_hash || convert_to(entry, 'UTF8'))";

describe('the check of the log', () => {
  it('finds nothing in a log that nobody has touched', async () => {
    const hashes = (await open.log.list({ limit: 10 })).map(({ hash }) => hash);
    expect(await open.log.verify()).toEqual({ ok: true, events: 6, head: hashes.at(-1) });
  });

  it('finds nothing in an empty log, whose head is what stands before the first event', async () => {
    await tamper('DELETE FROM audit_events');
    const head = '0'.repeat(64);
    expect(await open.log.verify()).toEqual({ ok: true, events: 0, head });
    expect(await open.log.verify({ expectedHead: head })).toMatchObject({ ok: true });
  });

  it('does not take the head of an empty log for one of a log with events', async () => {
    expect(await open.log.verify({ expectedHead: '0'.repeat(64) })).toEqual({
      ok: false,
      events: 6,
      seq: 7,
      reason: 'head',
    });
  });

  it.each<[string, string[], object]>([
    [
      'an entry that was changed',
      [`UPDATE audit_events SET entry = replace(entry, 'Acme', 'Evil') WHERE seq = 3`],
      { seq: 3, reason: 'hash' },
    ],
    [
      'an entry that was changed and hashed anew',
      [
        `UPDATE audit_events SET entry = replace(entry, 'Acme', 'Evil') WHERE seq = 3`,
        `UPDATE audit_events SET ${REHASHED} WHERE seq = 3`,
      ],
      { seq: 4, reason: 'chain' },
    ],
    [
      'a hash that was changed',
      [`UPDATE audit_events SET hash = sha256('x') WHERE seq = 6`],
      { seq: 6, reason: 'hash' },
    ],
    [
      'a hash before that was changed',
      [`UPDATE audit_events SET prev_hash = sha256('x') WHERE seq = 2`],
      { seq: 2, reason: 'chain' },
    ],
    ['an event that was removed', ['DELETE FROM audit_events WHERE seq = 2'], { seq: 2, reason: 'gap' }],
    ['a first event that was removed', ['DELETE FROM audit_events WHERE seq = 1'], { seq: 1, reason: 'gap' }],
    [
      'an event that was removed, and the others numbered anew',
      ['DELETE FROM audit_events WHERE seq = 2', 'UPDATE audit_events SET seq = seq - 1 WHERE seq = 3'],
      { seq: 2, reason: 'chain' },
    ],
    [
      'two events that have changed places',
      [
        'UPDATE audit_events SET seq = 100 WHERE seq = 4',
        'UPDATE audit_events SET seq = 4 WHERE seq = 5',
        'UPDATE audit_events SET seq = 5 WHERE seq = 100',
      ],
      { seq: 4, reason: 'chain' },
    ],
    [
      'an event that was put in',
      [
        `INSERT INTO audit_events (seq, entry, prev_hash, hash)
        SELECT 7, entry, hash, sha256(hash) FROM (
          SELECT replace(entry, '"id":"aud_', '"id":"aud_0') AS entry, hash FROM audit_events WHERE seq = 6) last`,
      ],
      { seq: 7, reason: 'hash' },
    ],
    ...['tenant_id', 'actor_id', 'target_id', 'action', 'id'].map((column): [string, string[], object] => [
      `an event that is not found any more by its ${column}`,
      [
        `ALTER TABLE audit_events ALTER COLUMN ${column} DROP EXPRESSION`,
        `UPDATE audit_events SET ${column} = 'other' WHERE seq = 5`,
      ],
      { seq: 5, reason: 'column' },
    ]),
    [
      'an event at another time',
      [
        'ALTER TABLE audit_events ALTER COLUMN at DROP EXPRESSION',
        "UPDATE audit_events SET at = at - interval '1 day' WHERE seq = 1",
      ],
      { seq: 1, reason: 'column' },
    ],
    [
      'an entry under another number, hashed anew to the end',
      [
        `UPDATE audit_events SET entry = replace(entry, '"seq":6,', '"seq":7,') WHERE seq = 6`,
        `UPDATE audit_events SET ${REHASHED} WHERE seq = 6`,
      ],
      { seq: 6, reason: 'column' },
    ],
  ])('finds %s', async (_, statements, found) => {
    await tamper(...statements);
    expect(await open.log.verify()).toMatchObject({ ok: false, ...found });
  });

  it('finds a cut-off end only by a head that was kept, and a log made anew too', async () => {
    const { log } = open;
    const whole = await log.verify();
    const expectedHead = whole.ok ? whole.head : '';
    const hashes = (await log.list({ limit: 10 })).map(({ hash }) => hash);
    for (const hash of hashes) expect(await log.verify({ expectedHead: hash })).toEqual(whole);
    expect(await log.verify({ expectedHead: expectedHead.toUpperCase() })).toEqual(whole);
    await tamper('DELETE FROM audit_events WHERE seq > 4');
    expect(await log.verify()).toEqual({ ok: true, events: 4, head: hashes[3] });
    expect(await log.verify({ expectedHead: hashes[2] })).toMatchObject({ ok: true });
    const cut = { ok: false, events: 4, seq: 5, reason: 'head' };
    expect(await log.verify({ expectedHead })).toEqual(cut);
    expect(await log.verify({ expectedHead: 'nonsense' })).toEqual(cut);
  });

  it('reads a log of any length in pages', async () => {
    await withSession(open.url, (session) =>
      session.query(`INSERT INTO audit_events (entry)
        SELECT '{"id":"aud_' || md5(n::text) || '","action":"a","actor":{},"target":{"id":"t"}}'
        FROM generate_series(1, 1100) n`),
    );
    expect(await open.log.verify()).toMatchObject({ ok: true, events: 1106 });
    await tamper('DELETE FROM audit_events WHERE seq = 1001');
    expect(await open.log.verify()).toEqual({ ok: false, events: 1000, seq: 1001, reason: 'gap' });
  });
});

describe('a hash', () => {
  it('is SHA-256 of the one before and the entry, and the first of 32 zeros', () => {
    const expected = createHash('sha256').update(Buffer.alloc(32)).update('ä').digest('hex');
    expect(chainedHash(GENESIS, 'ä').toString('hex')).toBe(expected);
  });

  it('does not make an entry true that is no JSON', () => {
    const row = {
      ...{ seq: 1n, entry: 'no JSON', id: '', at: new Date(0), action: '', actorId: null, targetId: '' },
      ...{
        tenantId: null,
        prevHash: new Uint8Array(32),
        hash: new Uint8Array(chainedHash(GENESIS, 'no JSON')),
      },
    };
    expect(flawOf(row, START)).toBe('column');
  });
});
