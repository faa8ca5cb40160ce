import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, execute, type TestDatabase } from '../../test/support/postgres.js';
import { withSession } from '../database/migrations.js';
import { PrismaService } from '../database/prisma.service.js';
import { CredentialsRepository } from './credentials.repository.js';

const AT = new Date('2026-11-23T12:00:00Z');

let database: TestDatabase;
let prisma: PrismaService;
let repository: CredentialsRepository;
beforeAll(async () => {
  database = await createTestDatabase();
  prisma = new PrismaService({ url: database.url, poolSize: 4 });
  repository = new CredentialsRepository(prisma);
  await execute(database.url, "INSERT INTO tenants (id, name) VALUES ('ten_a', '')");
});
afterAll(async () => {
  await prisma.$disconnect();
  await database.drop();
});
beforeEach(() =>
  execute(
    database.url,
    `DELETE FROM api_keys;
     INSERT INTO api_keys (id, tenant_id, name, hash, pepper_version, display)
     SELECT 'key_' || n, 'ten_a', '', sha256(n::text::bytea), 1, '' FROM generate_series(1, 40) n`,
  ),
);

const uses = (ids: readonly string[], at = AT) => new Map(ids.map((id) => [id, at]));
const lastUses = async () => {
  const rows = await prisma.apiKey.findMany({ where: { lastUsedAt: { not: null } }, orderBy: { id: 'asc' } });
  return rows.map(({ id, lastUsedAt }) => [id, lastUsedAt]);
};

describe('uses of keys', () => {
  it('are noted, and never set back', async () => {
    await repository.noteUses(uses(['key_1', 'key_2', 'key_nowhere']));
    await repository.noteUses(new Map([...uses(['key_1'], new Date(0)), ...uses(['key_3'])]));
    expect(await lastUses()).toEqual(['key_1', 'key_2', 'key_3'].map((id) => [id, AT]));
  });

  it('of keys that are being changed wait for nobody, and nobody waits for them in a circle', async () => {
    await withSession(database.url, async (session) => {
      await session.query('BEGIN');
      await session.query("UPDATE api_keys SET name = 'changed' WHERE id = 'key_2'");
      // Were it to wait for key_2 here, it would hold key_1, which the other wants next.
      await repository.noteUses(uses(['key_1', 'key_2']));
      await session.query("UPDATE api_keys SET name = 'changed' WHERE id = 'key_1'");
      await session.query('COMMIT');
    });
    expect(await lastUses()).toEqual([['key_1', AT]]);
    expect(await prisma.apiKey.count({ where: { name: 'changed' } })).toBe(2);
  });

  it('are noted in opposite orders at the same time', async () => {
    const ids = Array.from({ length: 40 }, (_, at) => `key_${at + 1}`);
    for (let round = 1; round <= 20; round++) {
      const at = new Date(AT.getTime() + round);
      await Promise.all([
        repository.noteUses(uses(ids, at)),
        repository.noteUses(uses(ids.toReversed(), at)),
        repository.noteUses(uses(ids.toSorted(), at)),
      ]);
      expect((await lastUses()).map(([, noted]) => noted)).toEqual(ids.map(() => at));
    }
  });
});
