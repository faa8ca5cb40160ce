// The log on a real database: what it keeps, how it is read, and what the database refuses.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execute } from '../../test/support/postgres.js';
import { newId } from '../contracts/identifier.js';
import { withSession } from '../database/migrations.js';
import { TenantDatabase } from '../database/tenant-database.js';
import type { AuditEventInput } from './audit-event.js';
import { newEntry } from './entry.js';
import { eventOf, openAuditLog, type OpenAuditLog } from './audit.fixture.js';

let open: OpenAuditLog;
beforeAll(async () => {
  open = await openAuditLog();
});
afterAll(() => open.close());

const record = (event: AuditEventInput) => open.prisma.$transaction((tx) => open.log.record(tx, event));
const all = () => open.log.list({ limit: 1000 });

describe('an audit event', () => {
  it('is kept as it was told, with an id, the time of the database and a hash', async () => {
    const { log, prisma } = open;
    const event = eventOf({
      actor: { kind: 'key', id: newId('key_'), tenantId: 'ten_a' },
      before: { limits: { requests_per_minute: null } },
      after: { limits: { requests_per_minute: 60 }, name: 'ünïcode "quoted"\n' },
    });
    await record(event);
    const [kept] = await log.list({ targetId: event.target.id, limit: 2 });
    expect(kept).toEqual({
      ...event,
      target: { ...event.target, tenantId: event.target.id },
      id: expect.stringMatching(/^aud_[0-9a-f]{32}$/) as string,
      at: expect.any(Date) as Date,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    const [clock] = await prisma.$queryRaw<{ now: Date }[]>`SELECT now() AS now`;
    expect(Math.abs(Number(clock?.now) - Number(kept?.at))).toBeLessThan(10_000);
  });

  it('never holds a secret, whatever it is given (P10)', async () => {
    const secret = 'cbr_live_3kTqZ0mXw8VbN5sYhJ2dLcR7fGpA9uEi4oQ6tKxM1vWzB0n';
    await record(eventOf({ after: { key: 'canary-1', name: secret, hash: 'canary-2' }, requestId: secret }));
    const entries = await open.prisma.$queryRaw<{ row: string }[]>`SELECT e::text AS row FROM audit_events e`;
    const text = JSON.stringify(entries);
    expect(text).toContain('[redacted]');
    for (const canary of [secret.slice(9), 'canary']) expect(text).not.toContain(canary);
  });

  it('is not there when the change that it is about is not', async () => {
    const { log, prisma } = open;
    const event = eventOf();
    const failed = prisma.$transaction(async (tx) => {
      await log.record(tx, event);
      throw new Error('no change');
    });
    await expect(failed).rejects.toThrow('no change');
    expect(await log.list({ targetId: event.target.id, limit: 1 })).toEqual([]);
  });

  it('can be about the tenant whose transaction it is, and about no other', async () => {
    const { log, prisma } = open;
    const tenants = new TenantDatabase(prisma);
    const about = (id: string) => eventOf({ target: { kind: 'tenant', id } });
    await tenants.transaction('ten_own', (tx) => log.record(tx, about('ten_own')));
    expect(await log.list({ tenantId: 'ten_own', limit: 2 })).toHaveLength(1);
    const foreign = tenants.transaction('ten_own', (tx) => log.record(tx, about('ten_other')));
    await expect(foreign).rejects.toThrow('row-level security');
    await expect(tenants.of('ten_own').$queryRaw`SELECT * FROM audit_events`).rejects.toThrow('denied');
  });
});

describe('the list of events', () => {
  it('is in the order in which they were recorded, page by page, filtered', async () => {
    const { log } = open;
    const target = { kind: 'key', id: newId('key_'), tenantId: 'ten_list' };
    const actor = { kind: 'key', id: newId('key_'), tenantId: 'ten_list' } as const;
    const actions = ['key.create', 'key.update', 'key.rotate', 'key.revoke'];
    for (const action of actions) {
      await record(eventOf({ action, target, actor }));
      await record(eventOf({ action }));
    }
    const names = async (query: object) =>
      (await log.list({ limit: 10, ...query })).map(({ action }) => action);
    expect(await names({ tenantId: 'ten_list' })).toEqual(actions);
    expect(await names({ actorId: actor.id })).toEqual(actions);
    expect(await names({ targetId: target.id, action: 'key.rotate' })).toEqual(['key.rotate']);
    expect(await names({ action: 'key.rotate' })).toHaveLength(2);
    const [first, second] = await log.list({ tenantId: 'ten_list', limit: 2 });
    expect(await names({ tenantId: 'ten_list', limit: 1, after: first?.id })).toEqual(['key.update']);
    expect(await names({ tenantId: 'ten_list', after: second?.id })).toEqual(['key.rotate', 'key.revoke']);
  });

  it.each(['aud_', newId('aud_'), newId('key_'), "' OR 1=1 --", ''])(
    'begins after no such event: %j',
    async (after) => {
      await expect(open.log.list({ after, limit: 1 })).rejects.toMatchObject({
        reason: 'invalid_value',
        param: 'after',
      });
    },
  );
});

describe('the database', () => {
  it.each([
    "UPDATE audit_events SET entry = entry || ' '",
    'UPDATE audit_events SET seq = seq WHERE false',
    'DELETE FROM audit_events',
    'DELETE FROM audit_events WHERE false',
    'TRUNCATE audit_events',
    `INSERT INTO audit_events (entry) SELECT replace(regexp_replace(entry, '"seq":\\d+,"at":\\d+,', ''), 'x', 'y')
      FROM audit_events LIMIT 1 ON CONFLICT (id) DO UPDATE SET entry = ''`,
    'MERGE INTO audit_events a USING audit_events b ON a.seq = b.seq WHEN MATCHED THEN DELETE',
  ])('changes and removes no event: %s', async (statement) => {
    await record(eventOf());
    const before = await all();
    await expect(execute(open.url, statement)).rejects.toThrow('audit events are never changed or removed');
    expect(await all()).toEqual(before);
  });

  const id = newId('aud_');
  const rest = '"action":"a","actor":{},"target":{"id":"t"}';
  it.each([
    `(seq, entry) VALUES (1000000, '{"id":"${id}",${rest}}')`,
    `(hash, entry) VALUES ('\\x00', '{"id":"${id}",${rest}}')`,
    `(prev_hash, entry) VALUES ('\\x00', '{"id":"${id}",${rest}}')`,
    `(entry) VALUES ('{"id":"${id}",${rest},"at":0}')`,
    `(entry) VALUES ('{"id":"${id}",${rest},"seq":1}')`,
    `(entry) VALUES ('{${rest}}')`,
  ])('numbers, dates and hashes events itself: %s', async (values) => {
    const statement = `INSERT INTO audit_events ${values}`;
    await expect(execute(open.url, statement)).rejects.toThrow('numbered, dated and hashed by the database');
  });

  it('chains all rows of one statement', async () => {
    await execute(
      open.url,
      `INSERT INTO audit_events (entry)
      SELECT '{"id":"aud_' || md5(n::text) || '",${rest}}' FROM generate_series(1, 20) n`,
    );
    expect(await open.log.verify()).toMatchObject({ ok: true });
  });

  it('keeps one chain, however many write at once and give up', async () => {
    const { log, url } = open;
    const before = (await all()).length;
    const written = Array.from({ length: 50 }, (_, i) =>
      withSession(url, async (session) => {
        const add = (action: string) =>
          session.query('INSERT INTO audit_events (entry) VALUES ($1)', [newEntry(eventOf({ action }))]);
        await session.query('BEGIN');
        await add('tenant.update');
        if (i % 5 === 0) return session.query('ROLLBACK');
        await add('tenant.delete');
        return session.query('COMMIT');
      }),
    );
    const ends = (await Promise.all(written)).map(({ command }) => command);
    expect(ends.filter((end) => end === 'COMMIT')).toHaveLength(40);
    expect(await log.verify()).toMatchObject({ ok: true, events: before + 80 });
    const events = (await all()).slice(before);
    const pairs = events.map(({ action }) => action);
    expect(pairs).toEqual(Array.from({ length: 40 }, () => ['tenant.update', 'tenant.delete']).flat());
    const times = events.map(({ at }) => at.getTime());
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });
});
