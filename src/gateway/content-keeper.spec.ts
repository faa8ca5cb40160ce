// What is kept, and what is not, in a real database.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, execute, type TestDatabase } from '../../test/support/postgres.js';
import { PrismaService } from '../database/prisma.service.js';
import { ContentKeeper } from './content-keeper.service.js';
import { RetainedContentsRepository } from './retained-contents.repository.js';

const ASKING = { tenantId: 'ten_a', retainContentDays: 30 };
const SILENT = { tenantId: 'ten_b', retainContentDays: undefined };

let database: TestDatabase;
let prisma: PrismaService;
let keeper: ContentKeeper;
let statements = 0;

beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await createTestDatabase();
  prisma = new PrismaService({ url: database.url, poolSize: 2 });
  const repository = new RetainedContentsRepository(prisma);
  keeper = new ContentKeeper(
    Object.assign(Object.create(repository) as RetainedContentsRepository, {
      add: (...args: Parameters<RetainedContentsRepository['add']>) => (
        statements++,
        repository.add(...args)
      ),
    }),
  );
});
afterAll(async () => {
  await prisma.$disconnect();
  await database.drop();
});
beforeEach(async () => {
  await sql(`TRUNCATE tenants, predictions, retained_contents CASCADE;
    INSERT INTO tenants (id, name, retain_content_days) VALUES ('ten_a', 'Acme', 30), ('ten_b', 'Bolt', NULL)`);
  for (const id of ['prd_1', 'prd_2', 'prd_3']) await addLine(id);
  statements = 0;
});

const sql = (text: string) => execute(database.url, text);
const addLine = (id: string, tenantId = 'ten_a') =>
  sql(`INSERT INTO predictions (id, tenant_id, key_id, request_id, fingerprint, model, upstream, input_digest, images,
      deadline_at, node_id) VALUES ('${id}', '${tenantId}', 'key', 'req', '', 'm', 'o/m', '', 0, now(), '${randomUUID()}')`);
const said = (predictionId: string, answer = 'Yes.') => ({
  predictionId,
  asked: { prompt: 'What?', imageCount: 0 },
  answer,
});
const stored = () => prisma.retainedContent.findMany({ orderBy: { predictionId: 'asc' } });

describe('the texts of a prediction', () => {
  it('are kept for as many days as the tenant says, by the clock of the database', async () => {
    keeper.keep(ASKING, said('prd_1'));
    await keeper.settled();
    const [row] = await stored();
    expect(row).toMatchObject({
      predictionId: 'prd_1',
      tenantId: 'ten_a',
      prompt: { system: null, turns: [{ role: 'user', parts: [{ text: 'What?' }] }], images: 0 },
      answer: 'Yes.',
    });
    const days = ((row?.expiresAt.getTime() ?? 0) - (row?.createdAt.getTime() ?? 0)) / 86_400_000;
    expect(days).toBeCloseTo(30, 5);
  });

  it('are not asked to be kept of a tenant that does not say so, in any statement', async () => {
    keeper.keep(SILENT, said('prd_1'));
    await keeper.settled();
    expect([await stored(), statements]).toEqual([[], 0]);
  });

  it('are kept once, however often they come, and many in one statement', async () => {
    for (const id of ['prd_1', 'prd_2', 'prd_1', 'prd_3']) keeper.keep(ASKING, said(id));
    await keeper.settled();
    keeper.keep(ASKING, said('prd_1', 'No.'));
    await keeper.settled();
    expect((await stored()).map(({ answer }) => answer)).toEqual(['Yes.', 'Yes.', 'Yes.']);
    expect(statements).toBe(2);
  });

  it.each([
    ['whose tenant has asked for less meanwhile', 'UPDATE tenants SET retain_content_days = 1', [1]],
    ['whose tenant has asked for more meanwhile', 'UPDATE tenants SET retain_content_days = 60', [30]],
    ['whose tenant has asked to keep none meanwhile', 'UPDATE tenants SET retain_content_days = NULL', []],
    ['whose tenant was deleted meanwhile', 'UPDATE tenants SET deleted_at = now()', []],
    ['without a line in the ledger', 'DELETE FROM predictions', []],
    ["with another tenant's line", "UPDATE predictions SET tenant_id = 'ten_b'", []],
  ])('%s are kept for no longer than that', async (_, change, days) => {
    await sql(change);
    keeper.keep(ASKING, said('prd_1'));
    await keeper.settled();
    const kept = await stored();
    expect(
      kept.map((row) => Math.round((row.expiresAt.getTime() - row.createdAt.getTime()) / 86_400_000)),
    ).toEqual(days);
  });

  it('are written though a model says what PostgreSQL cannot store, and though another row is bad', async () => {
    keeper.keep(ASKING, said('prd_1', 'a\0b\ud800'));
    keeper.keep({ ...ASKING, retainContentDays: 1.5 }, said('prd_2'));
    keeper.keep(ASKING, said('prd_3'));
    await keeper.settled();
    expect((await stored()).map(({ predictionId, answer }) => [predictionId, answer])).toEqual([
      ['prd_1', 'a\ufffdb\ufffd'],
      ['prd_3', 'Yes.'],
    ]);
  });

  it('are not kept beyond what memory holds', async () => {
    const large = 'x'.repeat(9 * 1024 * 1024);
    keeper.keep(ASKING, said('prd_1', large));
    keeper.keep(ASKING, said('prd_2', large));
    keeper.keep(ASKING, said('prd_3'));
    await keeper.settled();
    expect((await stored()).map(({ predictionId }) => predictionId)).toEqual(['prd_1', 'prd_3']);
    keeper.keep(ASKING, said('prd_2', large));
    await keeper.settled();
    expect(await prisma.retainedContent.count()).toBe(3);
  });

  it('are written when the process ends', async () => {
    keeper.keep(ASKING, said('prd_1'));
    await keeper.beforeApplicationShutdown();
    expect(await stored()).toHaveLength(1);
  });

  it('are tried again while the database is away, for a time', async () => {
    let isAway = true;
    const repository = new RetainedContentsRepository(prisma);
    const patient = new ContentKeeper({
      add: (rows) =>
        isAway
          ? Promise.reject(Object.assign(new Error('away'), { code: 'ECONNREFUSED' }))
          : repository.add(rows),
    } as RetainedContentsRepository);
    patient.keep(ASKING, said('prd_1'));
    await sleep(200);
    isAway = false;
    await patient.settled();
    expect(await stored()).toHaveLength(1);
  });
});
