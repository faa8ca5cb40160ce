// Two nodes on one database: what each writes of predictions, and who looks after them.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTestDatabase, execute, type TestDatabase } from '../../test/support/postgres.js';
import { NodeLease } from '../database/node-lease.service.js';
import { Notifications } from '../database/notifications.service.js';
import { PrismaService } from '../database/prisma.service.js';
import type { LiveRecord } from './live-record.js';
import { call, newId, ready, succeeded } from './predictions.fixture.js';
import { PredictionsRepository } from './predictions.repository.js';
import { Telemetry } from '../telemetry/telemetry.js';
import { Predictions } from './predictions.service.js';

let database: TestDatabase;
let prisma: PrismaService;
let nodes: { predictions: Predictions; lease: NodeLease; notifications: Notifications }[];

beforeAll(async () => {
  database = await createTestDatabase();
  await execute(database.url, "INSERT INTO tenants (id, name) VALUES ('ten_a', 'Acme'), ('ten_b', 'Bolt')");
  await execute(
    database.url,
    `INSERT INTO api_keys (id, tenant_id, name, hash, display)
     VALUES ('key_a', 'ten_a', 'test', 'a', ''), ('key_b', 'ten_b', 'test', 'b', '')`,
  );
  const options = { url: database.url, poolSize: 4 };
  prisma = new PrismaService(options);
  nodes = [1, 2].map(() => {
    const notifications = new Notifications(options, prisma);
    const lease = new NodeLease(prisma);
    return {
      lease,
      notifications,
      predictions: new Predictions(new PredictionsRepository(prisma), lease, notifications, new Telemetry()),
    };
  });
});
afterAll(async () => {
  for (const { notifications, lease } of nodes) {
    await lease.release();
    await notifications.onApplicationShutdown();
  }
  await prisma.$disconnect();
  await database.drop();
});
beforeEach(() => execute(database.url, 'DELETE FROM predictions; DELETE FROM accounts'));

const node = (index: 0 | 1) => {
  const found = nodes[index];
  if (!found) throw new Error('no such node');
  return found;
};
const rows = () => prisma.prediction.findMany({ orderBy: { id: 'asc' } });
const only = async () => {
  const [row, ...more] = await rows();
  expect(more).toEqual([]);
  if (!row) throw new Error('no row');
  return row;
};
/** The newest prediction for the usual call, taken over by a node. */
async function takenBy(index: 0 | 1): Promise<LiveRecord> {
  const { predictions } = node(index);
  const stored = await predictions.findRepeated(call(), 60_000);
  const taken = stored && (await predictions.adopt(stored));
  if (!taken) throw new Error('nobody has taken it');
  return taken;
}

describe('the record of a prediction', () => {
  it('is in the database before anything is sent, with its deadline, its node and the price of that time', async () => {
    const record = await node(0).predictions.open(call(), ready());
    const row = await only();
    expect(row).toMatchObject({ id: record.id, state: 'intent', nodeId: node(0).lease.id, upstreamId: null });
    expect(row.price).toEqual({ nanosPerSecond: 1000 });
    expect(Number(row.deadlineAt) - Number(row.createdAt)).toBeCloseTo(60_000, -2);
  });

  it('settles once, whoever comes first, and what comes later changes nothing (F5, G1, G7)', async () => {
    const record = await node(0).predictions.open(call(), ready());
    const id = newId();
    await Promise.all([
      ...Array.from({ length: 10 }, () => node(1).predictions.report(record.id, succeeded(id))),
      ...Array.from({ length: 10 }, () => node(0).predictions.report(record.id, succeeded(id))),
    ]);
    await node(0).predictions.report(record.id, { upstreamId: id, state: 'processing' });
    await node(1).predictions.report(record.id, { upstreamId: id, state: 'failed', runTimeUs: 9_000_000 });
    await node(0).predictions.settled();
    expect(await only()).toMatchObject({
      state: 'succeeded',
      upstreamId: id,
      runTimeUs: 2_000_000n,
      costNanos: 2000n,
    });
  });

  it('binds the id that a webhook brings before the create is answered (G7)', async () => {
    const record = await node(0).predictions.open(call(), ready());
    const id = newId();
    await node(0).predictions.report(record.id, { upstreamId: id, state: 'processing' });
    expect(await record.bound).toBe(id);
    await node(0).predictions.settled();
    expect(await only()).toMatchObject({ state: 'processing', upstreamId: id });
  });

  it('never lets one tenant have the id of another (A27)', async () => {
    const first = await node(0).predictions.open(call(), ready());
    const second = await node(0).predictions.open(
      call({ tenantId: 'ten_b', keyId: 'key_b', accountId: 'key_b' }),
      ready(),
    );
    const id = newId();
    first.reported({ upstreamId: id, state: 'starting' });
    expect(second.reported(succeeded(id))).toBe(false);
    expect(second.upstreamId).toBeUndefined();
    await node(0).predictions.settled();
    expect((await rows()).map(({ upstreamId, state }) => [upstreamId, state])).toEqual([
      [id, 'starting'],
      [null, 'intent'],
    ]);
  });

  it("counts both of one tenant's predictions that were given one id, on one node and on two (A27)", async () => {
    const records = [
      await node(0).predictions.open(call(), ready()),
      await node(0).predictions.open(call(), ready()),
      await node(1).predictions.open(call(), ready()),
    ];
    const id = newId();
    for (const record of records) {
      expect(record.reported(succeeded(id))).toBe(true);
      await Promise.all(nodes.map(({ predictions }) => predictions.settled()));
    }
    expect((await rows()).map(({ upstreamId, state, costNanos }) => [upstreamId, state, costNanos])).toEqual([
      [id, 'succeeded', 2000n],
      [null, 'succeeded', 2000n],
      [null, 'succeeded', 2000n],
    ]);
  });

  it('costs nothing when it was refused', async () => {
    const record = await node(0).predictions.open(call(), ready());
    record.sent();
    record.refused('upstream_rate_limited');
    await node(0).predictions.settled();
    const row = await only();
    expect(row).toMatchObject({
      state: 'failed',
      billing: 'nothing',
      costNanos: 0n,
      error: 'upstream_rate_limited',
    });
    expect(row.settledAt).not.toBeNull();
  });

  it('wakes the node that waits when another is told (G8)', async () => {
    const record = await node(0).predictions.open(call(), ready());
    // LISTEN is on its way until the first notice has come through.
    const news = new Promise<void>((resolve) => record.onNews(resolve));
    const id = newId();
    const knock = setInterval(() => void node(1).notifications.notify('cerebro_prediction', record.id), 50);
    await node(1).predictions.report(record.id, succeeded(id));
    await news;
    clearInterval(knock);
    expect(await only()).toMatchObject({ state: 'succeeded', upstreamId: id });
  });
});

describe('a prediction whose node has died', () => {
  const die = async (index: 0 | 1) => {
    await prisma.node.update({ where: { id: node(index).lease.id }, data: { expiresAt: new Date(0) } });
  };

  /** As a node is that has renewed its lease for a while. */
  beforeEach(() => {
    vi.spyOn(node(1).lease, 'isSteady', 'get').mockReturnValue(true);
  });
  afterEach(() => vi.restoreAllMocks());

  it('goes to one of the nodes that ask for it, and not before its node is dead (H9, H10)', async () => {
    await node(1).lease.hold();
    const record = await node(0).predictions.open(call(), ready());
    await node(0).predictions.settled();
    expect(await node(1).predictions.adoptOrphans(10, 0)).toEqual([]);
    await die(0);
    const third = new Predictions(
      new PredictionsRepository(prisma),
      node(1).lease,
      node(1).notifications,
      new Telemetry(),
    );
    const taken = await Promise.all([
      node(1).predictions.adoptOrphans(10, 0),
      third.adoptOrphans(10, 0),
      node(1).predictions.adoptOrphans(10, 0),
    ]);
    expect(taken.flat().map(({ id }) => id)).toEqual([record.id]);
    await renew(0);
  });

  it.each([0, 1] as const)('learns the id that comes to the record before it (node %i)', async (next) => {
    const left = await node(0).predictions.open(call(), ready());
    left.sent();
    await node(0).predictions.release(left, 0);
    const taken = await takenBy(next);
    const id = newId();
    left.reported({ upstreamId: id, state: 'starting' });
    await node(0).predictions.settled();
    expect(taken.upstreamId).toBeUndefined();
    expect(await node(next).predictions.refresh(taken)).toBe(false);
    expect(taken.upstreamId).toBe(id);
  });

  it('is not ended by that node when it wakes up again: its verdicts are fenced off (H11)', async () => {
    const record = await node(0).predictions.open(call(), ready());
    await die(0);
    const [taken] = await node(1).predictions.adoptOrphans(10, 0);
    expect(taken?.id).toBe(record.id);
    expect(await node(0).predictions.isOurs(record)).toBe(false);
    record.giveUp('unknown');
    await node(0).predictions.settled();
    expect((await only()).settledAt).toBeNull();
    taken?.reported(succeeded(newId()));
    await node(1).predictions.settled();
    expect(await only()).toMatchObject({ state: 'succeeded' });
    await renew(0);
  });

  it('stays where it is while nobody can know whether its node is dead: the database was away (H1)', async () => {
    await node(0).predictions.open(call(), ready());
    await die(0);
    vi.spyOn(node(1).lease, 'isSteady', 'get').mockReturnValue(false);
    expect(await node(1).predictions.adoptOrphans(10, 0)).toEqual([]);
    await renew(0);
  });

  it('is found by its own node too, when that does not know of it any more', async () => {
    const record = await node(0).predictions.open(call(), ready());
    await execute(database.url, "UPDATE predictions SET created_at = now() - interval '1 minute'");
    expect(await node(0).predictions.adoptOrphans(10, 0)).toEqual([]);
    node(0).predictions.forget(record);
    expect((await node(0).predictions.adoptOrphans(10, 0)).map(({ id }) => id)).toEqual([record.id]);
  });

  const renew = (index: 0 | 1) =>
    prisma.node.update({
      where: { id: node(index).lease.id },
      data: { expiresAt: new Date(Date.now() + 60_000) },
    });
});

it('an intent whose commit was never heard of is ended for nothing, once it is found (F4, H1)', async () => {
  const { predictions } = node(0);
  const repository = new PredictionsRepository(prisma);
  const lost = vi.spyOn(PredictionsRepository.prototype, 'admit').mockImplementationOnce(async (groups) => {
    await repository.admit(groups);
    throw Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });
  });
  await expect(predictions.open(call(), ready())).rejects.toThrow('Connection terminated');
  lost.mockRestore();
  await prisma.$executeRaw`UPDATE predictions SET created_at = created_at - interval '16 seconds'`;
  expect(await predictions.adoptOrphans(10, 60_000)).toEqual([]);
  await predictions.settled();
  expect(await only()).toMatchObject({ state: 'failed', billing: 'nothing', error: 'database_unavailable' });
  expect(await prisma.account.findUniqueOrThrow({ where: { id: 'ten_a' } })).toMatchObject({ running: 0 });
});

describe('a repeated call', () => {
  it('finds the newest prediction of its own tenant for the same question', async () => {
    await node(0).predictions.open(call(), ready());
    const newest = await node(0).predictions.open(call(), ready());
    await node(0).predictions.open(call({ fingerprint: Buffer.alloc(32, 8) }), ready());
    expect(await node(1).predictions.findRepeated(call(), 60_000)).toMatchObject({ id: newest.id });
    expect(await node(1).predictions.findRepeated(call({ tenantId: 'ten_b' }), 60_000)).toBeUndefined();
  });

  it('gives it back to the node that has a caller waiting too, when it leaves', async () => {
    const record = await node(0).predictions.open(call(), ready());
    const adopted = await takenBy(1);
    expect(await node(0).predictions.isOurs(record)).toBe(false);
    await node(1).predictions.release(adopted, 0);
    expect(await node(0).predictions.isOurs(record)).toBe(true);
  });

  it('takes the prediction over from the node that had it, once (B17)', async () => {
    const record = await node(0).predictions.open(call(), ready());
    const stored = await node(1).predictions.findRepeated(call(), 60_000);
    if (!stored) throw new Error('not found');
    const third = new Predictions(
      new PredictionsRepository(prisma),
      node(1).lease,
      node(1).notifications,
      new Telemetry(),
    );
    const adopted = await Promise.all([node(1).predictions.adopt(stored), third.adopt(stored)]);
    expect(adopted.filter((found) => found !== undefined)).toHaveLength(1);
    expect(await node(0).predictions.isOurs(record)).toBe(false);
  });
});

describe('a database that is gone', () => {
  it('lets nothing be sent: the intent comes first', async () => {
    const options = { url: 'postgresql://nobody:nothing@127.0.0.1:1/none', poolSize: 1 };
    const away = new PrismaService(options);
    const notifications = new Notifications(options, away);
    const predictions = new Predictions(
      new PredictionsRepository(away),
      new NodeLease(away),
      notifications,
      new Telemetry(),
    );
    await expect(predictions.open(call(), ready())).rejects.toThrow();
    await notifications.onApplicationShutdown();
    await away.$disconnect();
  });
});
