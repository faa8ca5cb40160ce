// Ends that a real database refuses, or others hold up: each is written in the end, as well as it can be.
import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTestDatabase, execute, type TestDatabase } from '../../test/support/postgres.js';
import { NodeLease } from '../database/node-lease.service.js';
import { Notifications } from '../database/notifications.service.js';
import { PrismaService } from '../database/prisma.service.js';
import { call, newId, ready, succeeded } from './predictions.fixture.js';
import { PredictionsRepository } from './predictions.repository.js';
import { Telemetry } from '../telemetry/telemetry.js';
import { Predictions } from './predictions.service.js';

let database: TestDatabase;
let prisma: PrismaService;
let notifications: Notifications;
let lease: NodeLease;
let repository: PredictionsRepository;
let predictions: Predictions;

beforeAll(async () => {
  database = await createTestDatabase();
  await execute(
    database.url,
    `INSERT INTO tenants (id, name) VALUES ('ten_a', 'Acme');
     INSERT INTO api_keys (id, tenant_id, name, hash, display) VALUES ('key_a', 'ten_a', 'test', 'a', '');
     CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       IF NEW.settled_at IS NOT NULL THEN RAISE EXCEPTION 'refused'; END IF;
       RETURN NEW;
     END $$`,
  );
  const options = { url: database.url, poolSize: 4 };
  prisma = new PrismaService(options);
  notifications = new Notifications(options, prisma);
  lease = new NodeLease(prisma);
  repository = new PredictionsRepository(prisma);
  predictions = new Predictions(repository, lease, notifications, new Telemetry());
});
afterAll(async () => {
  await lease.release();
  await notifications.onApplicationShutdown();
  await prisma.$disconnect();
  await database.drop();
});

let errors: string[];
beforeEach(async () => {
  errors = [];
  vi.spyOn(Logger.prototype, 'error').mockImplementation((text) => void errors.push(String(text)));
  await execute(database.url, 'DELETE FROM predictions; DELETE FROM accounts');
});
afterEach(() => vi.restoreAllMocks());

const rowOf = (id: string) => prisma.prediction.findUniqueOrThrow({ where: { id } });
/** What is held and running, of the key and of the tenant. */
const open = async () => {
  const accounts = await prisma.account.findMany();
  return accounts.map(({ running, totalHeld }) => [running, totalHeld]);
};

describe('an end that the database refuses', () => {
  it.each([
    ['tokens', { tokens: { prompt: 5, completion: 2 ** 31 } }],
    ['a time', { completedAt: new Date(8.64e15) }],
  ])('for %s is written without, at its cost, and holds nothing any more', async (_, beyond) => {
    const record = await predictions.open(call(), ready());
    expect(await open()).not.toContainEqual([0, 0n]);
    record.reported({ ...succeeded(newId()), ...beyond });
    await predictions.settled();
    expect(await rowOf(record.id)).toMatchObject({
      state: 'succeeded',
      upstreamId: null,
      completedAt: null,
      runTimeUs: null,
      completionTokens: null,
      billing: 'run_time',
      costNanos: 2000n,
    });
    expect(await open()).toEqual([
      [0, 0n],
      [0, 0n],
    ]);
    expect(errors).toEqual([
      expect.stringContaining(`the end of ${record.id} cannot be written but minimal`),
    ]);
  });

  it('for what another may not have keeps neither from theirs', async () => {
    const records = await Promise.all(Array.from({ length: 3 }, () => predictions.open(call(), ready())));
    records.forEach((record, at) =>
      record.reported({
        ...succeeded(newId()),
        ...(at === 1 && { tokens: { prompt: 5, completion: 2 ** 31 } }),
      }),
    );
    await predictions.settled();
    const rows = await Promise.all(records.map(({ id }) => rowOf(id)));
    expect(rows.map(({ runTimeUs }) => runTimeUs)).toEqual([2_000_000n, null, 2_000_000n]);
  });

  it('whatever it says is left to the reconciler, which finds it', async () => {
    const record = await predictions.open(call(), ready());
    await execute(
      database.url,
      'CREATE TRIGGER refuse BEFORE UPDATE ON predictions FOR EACH ROW EXECUTE FUNCTION refuse()',
    );
    record.reported(succeeded(newId()));
    await predictions.settled();
    expect((await rowOf(record.id)).settledAt).toBeNull();
    expect(errors).toHaveLength(2);
    expect(errors[1]).toContain('cannot be written at all: refused');
    await execute(
      database.url,
      "DROP TRIGGER refuse ON predictions; UPDATE predictions SET created_at = now() - interval '1 minute'",
    );
    const [found] = await predictions.adoptOrphans(10, 0);
    expect(found?.id).toBe(record.id);
    found?.reported(succeeded(newId()));
    await predictions.settled();
    expect(await rowOf(record.id)).toMatchObject({ state: 'succeeded', costNanos: 2000n });
  });
});

describe('an end that others hold up', () => {
  it('is tried until it is written, as it is (H4)', async () => {
    const record = await predictions.open(call(), ready());
    const deadlock = Object.assign(new Error('deadlock detected'), { code: '40P01' });
    const settle = vi.spyOn(repository, 'settle');
    // More often than the batch itself tries.
    for (let failure = 0; failure < 4; failure++) settle.mockRejectedValueOnce(deadlock);
    const id = newId();
    record.reported(succeeded(id));
    await predictions.settled();
    expect(settle).toHaveBeenCalledTimes(5);
    expect(await rowOf(record.id)).toMatchObject({ upstreamId: id, runTimeUs: 2_000_000n });
    expect(errors).toEqual([]);
  });
});
