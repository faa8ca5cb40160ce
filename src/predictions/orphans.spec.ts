// Two nodes on one database: what becomes of predictions that nobody looks after any more.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  client,
  node,
  onlyRow,
  sql,
  takenBy,
  thirdNode,
  usePredictionNodes,
} from './prediction-nodes.fixture.js';
import { call, newId, ready, succeeded } from './predictions.fixture.js';
import { PredictionsRepository } from './predictions.repository.js';

usePredictionNodes();

describe('a prediction whose node has died', () => {
  const die = async (index: 0 | 1) => {
    await client().node.update({ where: { id: node(index).lease.id }, data: { expiresAt: new Date(0) } });
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
    const third = thirdNode();
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
    expect((await onlyRow()).settledAt).toBeNull();
    taken?.reported(succeeded(newId()));
    await node(1).predictions.settled();
    expect(await onlyRow()).toMatchObject({ state: 'succeeded' });
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
    await sql("UPDATE predictions SET created_at = now() - interval '1 minute'");
    expect(await node(0).predictions.adoptOrphans(10, 0)).toEqual([]);
    node(0).predictions.forget(record);
    expect((await node(0).predictions.adoptOrphans(10, 0)).map(({ id }) => id)).toEqual([record.id]);
  });

  const renew = (index: 0 | 1) =>
    client().node.update({
      where: { id: node(index).lease.id },
      data: { expiresAt: new Date(Date.now() + 60_000) },
    });
});

it('an intent whose commit was never heard of is ended for nothing, once it is found (F4, H1)', async () => {
  const { predictions } = node(0);
  const repository = new PredictionsRepository(client());
  const lost = vi.spyOn(PredictionsRepository.prototype, 'admit').mockImplementationOnce(async (groups) => {
    await repository.admit(groups);
    throw Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });
  });
  await expect(predictions.open(call(), ready())).rejects.toThrow('Connection terminated');
  lost.mockRestore();
  await client().$executeRaw`UPDATE predictions SET created_at = created_at - interval '16 seconds'`;
  expect(await predictions.adoptOrphans(10, 60_000)).toEqual([]);
  await predictions.settled();
  expect(await onlyRow()).toMatchObject({
    state: 'failed',
    billing: 'nothing',
    error: 'database_unavailable',
  });
  expect(await client().account.findUniqueOrThrow({ where: { id: 'ten_a' } })).toMatchObject({ running: 0 });
});
