import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.js';
import { NodeLease } from '../database/node-lease.service.js';
import { PrismaService } from '../database/prisma.service.js';
import { type IdempotentCall, IdempotentCallsRepository } from './idempotent-calls.repository.js';

let database: TestDatabase;
let prisma: PrismaService;
const leases: NodeLease[] = [];
let keys = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  prisma = new PrismaService({ url: database.url, poolSize: 10 });
  await prisma.tenant.createMany({
    data: ['ten_1', 'ten_2'].map((id) => ({ id, name: id })),
  });
});
afterEach(() => Promise.all(leases.splice(0).map((lease) => lease.release())));
afterAll(async () => {
  await prisma.onApplicationShutdown();
  await database.drop();
});

/** One of several gateways on the database. `die` ends it without a word to anybody. */
function node() {
  const lease = new NodeLease(prisma);
  leases.push(lease);
  return {
    calls: new IdempotentCallsRepository(prisma, lease),
    die: async () => {
      await prisma.$executeRaw`UPDATE nodes SET expires_at = now() - interval '1 s' WHERE id = ${lease.id}::uuid`;
    },
  };
}

const printOf = (body: string) => createHash('sha256').update(body).digest();

/** A call under a key that no other test has. */
const newCall = (body = 'body'): IdempotentCall => ({
  tenantId: 'ten_1',
  key: `key-${keys++}`,
  fingerprint: printOf(body),
});

async function own(calls: IdempotentCallsRepository, call: IdempotentCall): Promise<string> {
  const beginning = await calls.begin(call);
  if (!('lease' in beginning)) throw new Error(`the call is not ours but ${beginning.kind}`);
  return beginning.lease;
}

const kindOf = async (calls: IdempotentCallsRepository, call: IdempotentCall) =>
  (await calls.begin(call)).kind;

const expire = ({ key }: IdempotentCall) =>
  prisma.$executeRaw`UPDATE idempotent_calls SET expires_at = now() - interval '1 ms' WHERE key = ${key}`;

const answer = { status: 200, text: '{"z":1,"a":"\\u0000"}' };

describe('calls under an Idempotency-Key', () => {
  it('have one owner, however many begin at once on two nodes (B17)', async () => {
    const [a, b] = [node(), node()];
    for (let round = 0; round < 5; round++) {
      const call = newCall();
      const kinds = await Promise.all(
        Array.from({ length: 20 }, (_, i) => kindOf(i % 2 === 0 ? a.calls : b.calls, call)),
      );
      expect(kinds.filter((kind) => kind === 'new')).toHaveLength(1);
      expect(kinds.filter((kind) => kind === 'running')).toHaveLength(19);
    }
  });

  it('are told of another body, running or answered (B18)', async () => {
    const { calls } = node();
    const call = newCall();
    const other = { ...call, fingerprint: printOf('other') };
    const lease = await own(calls, call);
    expect(await kindOf(calls, other)).toBe('mismatch');
    await calls.keep(call, lease, answer);
    expect(await kindOf(calls, other)).toBe('mismatch');
  });

  it('get the answer that was kept, to the letter, on every node', async () => {
    const [a, b] = [node(), node()];
    const call = newCall();
    await a.calls.keep(call, await own(a.calls, call), answer);
    for (const { calls } of [a, b]) expect(await calls.begin(call)).toEqual({ kind: 'answered', answer });
  });

  it("keep to their tenant: another one's equal key is another call (E2)", async () => {
    const { calls } = node();
    const call = newCall();
    await calls.keep(call, await own(calls, call), answer);
    expect(await kindOf(calls, { ...call, tenantId: 'ten_2' })).toBe('new');
  });

  it('are taken over from a node that is no more, by one of many (B19)', async () => {
    const dead = node();
    const call = newCall();
    await own(dead.calls, call);
    const [a, b] = [node(), node()];
    expect(await kindOf(a.calls, call)).toBe('running');
    await dead.die();
    const kinds = await Promise.all(
      Array.from({ length: 20 }, (_, i) => kindOf(i % 2 === 0 ? a.calls : b.calls, call)),
    );
    expect(kinds.filter((kind) => kind === 'taken over')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'running')).toHaveLength(19);
  });

  it('are not given to another body, though their node is no more', async () => {
    const dead = node();
    const call = newCall();
    await own(dead.calls, call);
    await dead.die();
    expect(await kindOf(node().calls, { ...call, fingerprint: printOf('other') })).toBe('mismatch');
  });

  it('hear nothing of a former owner that wakes up late (H11)', async () => {
    const [asleep, awake] = [node(), node()];
    const call = newCall();
    const old = await own(asleep.calls, call);
    await asleep.die();
    const lease = await own(awake.calls, call);
    await asleep.calls.keep(call, old, answer);
    await asleep.calls.free(call, old);
    await asleep.calls.handOver(call, old);
    expect(await kindOf(node().calls, call)).toBe('running');
    await awake.calls.keep(call, lease, { status: 200, text: '"mine"' });
    expect(await awake.calls.begin(call)).toEqual({
      kind: 'answered',
      answer: { status: 200, text: '"mine"' },
    });
  });

  it('take the first answer, also from who runs along, and for their own body alone', async () => {
    const { calls } = node();
    const call = newCall();
    const lease = await own(calls, call);
    await calls.keep({ ...call, fingerprint: printOf('other') }, undefined, answer);
    expect(await kindOf(calls, call)).toBe('running');
    await calls.keep(call, undefined, answer);
    await calls.keep(call, lease, { status: 502, text: '{}' });
    await calls.keep(call, undefined, { status: 502, text: '{}' });
    await calls.free(call, lease);
    await calls.handOver(call, lease);
    expect(await calls.begin(call)).toEqual({ kind: 'answered', answer });
  });

  it('leave the key free for anything when they are freed', async () => {
    const { calls } = node();
    const call = newCall();
    await calls.free(call, await own(calls, call));
    expect(await kindOf(calls, { ...call, fingerprint: printOf('other') })).toBe('new');
  });

  it('are handed over to one who asks the same again', async () => {
    const [a, b] = [node(), node()];
    const call = newCall();
    await a.calls.handOver(call, await own(a.calls, call));
    expect(await kindOf(b.calls, { ...call, fingerprint: printOf('other') })).toBe('mismatch');
    const kinds = await Promise.all([kindOf(a.calls, call), kindOf(b.calls, call)]);
    expect(kinds.sort()).toEqual(['running', 'taken over']);
  });

  it('are forgotten after their day, whether they run or are answered', async () => {
    const { calls } = node();
    const [running, answered] = [newCall(), newCall()];
    await own(calls, running);
    await calls.keep(answered, await own(calls, answered), answer);
    for (const call of [running, answered]) {
      await expire(call);
      const other = { ...call, fingerprint: printOf('other') };
      const kinds = await Promise.all([kindOf(calls, other), kindOf(calls, other)]);
      expect(kinds.sort()).toEqual(['new', 'running']);
      expect(await kindOf(calls, call)).toBe('mismatch');
    }
  });

  it('expire a day after they began', async () => {
    const { calls } = node();
    const call = newCall();
    await own(calls, call);
    const [row] = await prisma.$queryRaw<{ hours: number }[]>`
      SELECT round(extract(epoch FROM expires_at - now()) / 3600)::int AS hours
      FROM idempotent_calls WHERE key = ${call.key}`;
    expect(row?.hours).toBe(24);
  });

  it('are removed when they have expired, and not before', async () => {
    const { calls } = node();
    const [old, young] = [newCall(), newCall()];
    await own(calls, old);
    await own(calls, young);
    await expire(old);
    expect(await calls.removeExpired()).toBe(1);
    expect(await calls.removeExpired()).toBe(0);
    const left = await prisma.idempotentCall.findMany({ where: { key: { in: [old.key, young.key] } } });
    expect(left.map(({ key }) => key)).toEqual([young.key]);
  });
});
