// Two nodes on one database: what each writes of predictions, and who takes them over. Whose node has died: orphans.spec.ts.
import { describe, expect, it, vi } from 'vitest';
import { NodeLease } from '../database/node-lease.service.js';
import { Notifications } from '../database/notifications.service.js';
import { PrismaService } from '../database/prisma.service.js';
import { Telemetry } from '../telemetry/telemetry.js';
import { node, onlyRow, rows, takenBy, thirdNode, usePredictionNodes } from './prediction-nodes.fixture.js';
import { call, newId, ready, succeeded } from './predictions.fixture.js';
import { PredictionsRepository } from './predictions.repository.js';
import { Predictions } from './predictions.service.js';

usePredictionNodes();

describe('the record of a prediction', () => {
  it('is in the database before anything is sent, with its deadline, its node and the price of that time', async () => {
    const record = await node(0).predictions.open(call(), ready());
    const row = await onlyRow();
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
    expect(await onlyRow()).toMatchObject({
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
    expect(await onlyRow()).toMatchObject({ state: 'processing', upstreamId: id });
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
      await Promise.all(([0, 1] as const).map((index) => node(index).predictions.settled()));
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
    const row = await onlyRow();
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
    expect(await onlyRow()).toMatchObject({ state: 'succeeded', upstreamId: id });
  });

  it('is written, whatever is wrong with its metrics', async () => {
    const { predictions, telemetry } = node(0);
    const broken = vi.spyOn(telemetry.metrics.predictions, 'inc').mockImplementation(() => {
      throw new Error('a metric that cannot be counted');
    });
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const record = await predictions.open(call(), ready());
    record.reported(succeeded(newId()));
    await predictions.settled();
    const { id } = await node(1).predictions.open(call(), ready());
    expect(await predictions.report(id, succeeded(newId()))).toBe(true);
    // Node tells of a rejection when the queue of promises is empty.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect([broken.mock.calls.length, unhandled.mock.calls.length]).toEqual([2, 0]);
    expect((await rows()).map(({ state }) => state)).toEqual(['succeeded', 'succeeded']);
    broken.mockRestore();
  });
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
    const third = thirdNode();
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
