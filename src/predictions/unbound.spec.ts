// Predictions without an id are told apart by account: the list of one shows none of another.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, execute, type TestDatabase } from '../../test/support/postgres.js';
import { PrismaService } from '../database/prisma.service.js';
import { PredictionsRepository } from './predictions.repository.js';

let database: TestDatabase;
let prisma: PrismaService;

beforeAll(async () => {
  database = await createTestDatabase();
  prisma = new PrismaService({ url: database.url, poolSize: 1 });
  await execute(database.url, "INSERT INTO tenants (id, name) VALUES ('ten_a', 'Acme'), ('ten_b', 'Bolt')");
  await execute(
    database.url,
    `INSERT INTO predictions
       (id, tenant_id, key_id, own_upstream, request_id, fingerprint, model, upstream, input_digest, images, durable,
         deadline_at)
     SELECT 'prd_' || tenant || '_' || own, 'ten_' || tenant, 'key', own, 'req', '\\x00', 'm', 'o/m', '\\x07', 0, false,
       now() + interval '1 minute'
     FROM (VALUES ('a'), ('b')) AS t(tenant), (VALUES (true), (false)) AS o(own)`,
  );
});
afterAll(async () => {
  await prisma.$disconnect();
  await database.drop();
});

const idsFor = async (tenantId: string, ownUpstream: boolean) => {
  const search = { upstream: 'o/m', inputDigest: Buffer.of(7), tenantId, ownUpstream };
  const found = await new PredictionsRepository(prisma).findUnbound(search);
  return found.map(({ id }) => id);
};

describe('predictions without an id', () => {
  it("on the gateway's account are those of all tenants", async () => {
    expect(await idsFor('ten_a', false)).toEqual(['prd_a_false', 'prd_b_false']);
  });

  it("on a tenant's own account are that tenant's alone", async () => {
    expect(await idsFor('ten_a', true)).toEqual(['prd_a_true']);
    expect(await idsFor('ten_b', true)).toEqual(['prd_b_true']);
  });
});
