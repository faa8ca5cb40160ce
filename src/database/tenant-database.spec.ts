// Row-level security on a real database, through a pool of one connection: what leaks there would be seen.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, execute, type TestDatabase, withDatabase } from '../../test/support/postgres.js';
import { migrationsFolder } from './migration-files.js';
import { applyMigrations, withSession } from './migrations.js';
import { PrismaService } from './prisma.service.js';
import { TenantDatabase } from './tenant-database.js';

let database: TestDatabase;
let prisma: PrismaService;
let tenants: TenantDatabase;

const TENANTS = ['ten_a', 'ten_b'];
const TABLES = [
  ...['accounts', 'api_keys', 'budget_alerts', 'idempotent_calls', 'predictions'],
  ...['retained_contents', 'stored_images', 'tenants', 'usage_rollups'],
];

beforeAll(async () => {
  database = await createTestDatabase();
  prisma = new PrismaService({ url: database.url, poolSize: 1 });
  tenants = new TenantDatabase(prisma);
  await prisma.tenant.createMany({ data: TENANTS.map((id) => ({ id, name: id })) });
  await prisma.apiKey.createMany({ data: TENANTS.map((tenantId) => key(tenantId)) });
});
afterAll(async () => {
  await prisma.onApplicationShutdown();
  await database.drop();
});

/** A key that does not say whose it is. */
function unowned(id = 'key_new') {
  return { id, name: 'test', display: '', hash: new Uint8Array(Buffer.from(id)) };
}

function key(tenantId: string, id = `key_of_${tenantId}`) {
  return { ...unowned(id), tenantId };
}

const whoAmI = () => prisma.$queryRaw`
  SELECT current_user = session_user AS owner, current_setting('cerebro.tenant_id', true) AS tenant`;

describe('row-level security', () => {
  it.each(TABLES)('shows nothing of %s without a tenant (E16)', async (table) => {
    const rows = await withSession(database.url, async (session) => {
      await session.query('SET ROLE cerebro_tenant');
      return (await session.query<object>(`SELECT * FROM ${table}`)).rows;
    });
    expect(rows).toEqual([]);
  });

  it('shows the rows of the tenant that is set, and no others (E16)', async () => {
    const ids = await withSession(database.url, async (session) => {
      await session.query("SET ROLE cerebro_tenant; SET cerebro.tenant_id = 'ten_a'");
      const keys = await session.query<{ id: string }>('SELECT id FROM api_keys');
      const self = await session.query<{ id: string }>('SELECT id FROM tenants');
      return [...keys.rows, ...self.rows].map(({ id }) => id);
    });
    expect(ids).toEqual(['key_of_ten_a', 'ten_a']);
  });

  it('is on every table that has a tenant', async () => {
    const rows = await prisma.$queryRaw<{ table: string; secure: boolean; policies: number }[]>`
      SELECT c.relname AS table, c.relrowsecurity AS secure,
        (SELECT count(*)::int FROM pg_policy p WHERE p.polrelid = c.oid) AS policies
      FROM pg_class c
      WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND (c.relname = 'tenants' OR EXISTS (
        SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id'))
      ORDER BY 1`;
    const expected = [...TABLES, 'audit_events'].sort();
    expect(rows).toEqual(expected.map((table) => ({ table, secure: true, policies: 1 })));
  });
});

describe("a tenant's database", () => {
  it("sees nothing of another tenant's, with and without a filter", async () => {
    const db = tenants.of('ten_a');
    expect(await db.apiKey.findMany({ select: { id: true } })).toEqual([{ id: 'key_of_ten_a' }]);
    expect(await db.apiKey.findUnique({ where: { id: 'key_of_ten_b' } })).toBeNull();
    expect(await db.apiKey.findMany({ where: { tenantId: 'ten_b' } })).toEqual([]);
    expect(await db.apiKey.findMany({ where: { OR: [{ tenantId: 'ten_b' }] } })).toEqual([]);
    expect(await db.tenant.findMany({ include: { keys: { select: { id: true } } } })).toMatchObject([
      { id: 'ten_a', keys: [{ id: 'key_of_ten_a' }] },
    ]);
    expect(await db.tenant.findUnique({ where: { id: 'ten_b' } })).toBeNull();
    expect(await db.apiKey.count()).toBe(1);
    expect(await db.apiKey.groupBy({ by: 'tenantId' })).toEqual([{ tenantId: 'ten_a' }]);
    expect(await db.apiKey.aggregate({ _max: { id: true } })).toEqual({ _max: { id: 'key_of_ten_a' } });
  });

  it('sees nothing of another in raw statements either', async () => {
    const db = tenants.of('ten_b');
    expect(await db.$queryRaw`SELECT id FROM api_keys`).toEqual([{ id: 'key_of_ten_b' }]);
    expect(await db.$executeRaw`UPDATE api_keys SET name = 'taken' WHERE id = 'key_of_ten_a'`).toBe(0);
  });

  it("changes and deletes nothing of another tenant's", async () => {
    const db = tenants.of('ten_a');
    const where = { id: 'key_of_ten_b' };
    expect(await db.apiKey.updateMany({ where, data: { name: 'taken' } })).toEqual({ count: 0 });
    expect(await db.apiKey.deleteMany({ where })).toEqual({ count: 0 });
    await expect(db.apiKey.update({ where, data: { name: 'taken' } })).rejects.toMatchObject({
      code: 'P2025',
    });
    await expect(db.apiKey.delete({ where })).rejects.toMatchObject({ code: 'P2025' });
    expect(await prisma.apiKey.findUnique({ where })).toMatchObject({ name: 'test' });
  });

  it.each<[string, (db: ReturnType<TenantDatabase['of']>) => Promise<unknown>]>([
    [
      'a nested insert',
      (db) => db.apiKey.create({ data: { ...unowned(), tenant: { create: { id: 'ten_c', name: 'mine' } } } }),
    ],
    [
      'a nested update',
      (db) =>
        db.apiKey.update({ where: { id: 'key_of_ten_a' }, data: { tenant: { update: { id: 'ten_c' } } } }),
    ],
    [
      'an unchecked insert',
      (db) => db.$executeRaw`INSERT INTO accounts (id, tenant_id, month) VALUES ('x', 'ten_b', now())`,
    ],
    [
      'an update of its own row',
      (db) => db.$executeRaw`UPDATE api_keys SET tenant_id = 'ten_b' WHERE id = 'key_of_ten_a'`,
    ],
  ])("writes no row of another tenant's: %s (P39)", async (_, write) => {
    await expect(write(tenants.of('ten_a'))).rejects.toThrow('row-level security');
    expect(await prisma.apiKey.count({ where: { tenantId: 'ten_b' } })).toBe(1);
    expect(await prisma.tenant.count()).toBe(2);
    expect(await prisma.account.count()).toBe(0);
  });

  it('cannot hang a row on another tenant', async () => {
    const data = { ...unowned(), tenant: { connect: { id: 'ten_b' } } };
    await expect(tenants.of('ten_a').apiKey.create({ data })).rejects.toMatchObject({ code: 'P2025' });
  });

  it('writes rows of its own, though nobody names the tenant', async () => {
    const db = tenants.of('ten_a');
    expect(await db.apiKey.create({ data: unowned() as ReturnType<typeof key> })).toMatchObject({
      tenantId: 'ten_a',
    });
    expect(await db.apiKey.delete({ where: { id: 'key_new' } })).toMatchObject({ id: 'key_new' });
  });

  it('leaves no trace on the connection that the next query gets', async () => {
    const clean = [{ owner: true, tenant: expect.toBeOneOf([null, '']) as unknown }];
    await tenants.of('ten_a').apiKey.count();
    expect(await whoAmI()).toEqual(clean);
    await expect(tenants.of('ten_a').$executeRaw`INSERT INTO nodes VALUES (NULL)`).rejects.toThrow('denied');
    expect(await whoAmI()).toEqual(clean);
    await expect(tenants.transaction('ten_a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await whoAmI()).toEqual(clean);
    expect(await prisma.apiKey.count()).toBe(2);
  });

  it('keeps tenants apart who ask at the same time', async () => {
    const wide = new PrismaService({ url: database.url, poolSize: 4 });
    const db = new TenantDatabase(wide);
    for (let round = 0; round < 10; round++) {
      const asked = [...TENANTS, ...TENANTS];
      const found = await Promise.all(asked.map((id) => db.of(id).$queryRaw`SELECT id FROM tenants`));
      expect(found).toEqual(asked.map((id) => [{ id }]));
    }
    await wide.onApplicationShutdown();
  });

  it('does several things together or none of them', async () => {
    const doubled = tenants.transaction('ten_a', async (tx) => {
      await tx.apiKey.create({ data: key('ten_a', 'key_new') });
      expect(await tx.$queryRaw`SELECT id FROM tenants`).toEqual([{ id: 'ten_a' }]);
      await tx.apiKey.create({ data: key('ten_a', 'key_new') });
    });
    await expect(doubled).rejects.toMatchObject({ code: 'P2002' });
    expect(await prisma.apiKey.count()).toBe(2);
    const done = tenants.transaction('ten_a', async (tx) => {
      await tx.apiKey.updateMany({ data: { name: 'both' } });
      return tx.apiKey.count({ where: { name: 'both' } });
    });
    expect(await done).toBe(1);
    expect(await prisma.apiKey.count({ where: { name: 'both' } })).toBe(1);
  });

  it.each([undefined, null, '', 'ten_', 'ten_A', "ten_a' OR 1=1", 'key_a', '%', 1, ['ten_a'], { not: '' }])(
    'is nobody’s for %j: refused before anything is asked (P39, E16)',
    (id) => {
      expect(() => tenants.of(id as string)).toThrow('asked for no tenant');
      expect(() => tenants.transaction(id as string, () => Promise.resolve())).toThrow('asked for no tenant');
    },
  );
});

describe('the migration that makes the role', () => {
  const role = 'cerebro_test_owner';

  it('says what an administrator has to run where its role may not, and goes on once that is done', async () => {
    const empty = await createTestDatabase({ empty: true });
    const admin = withDatabase(empty.url, 'postgres');
    const name = new URL(empty.url).pathname.slice(1);
    // The server's password file admits one role alone: the migrations run under another by an option.
    const options = `?options=${encodeURIComponent(`-c role=${role}`)}`;
    try {
      await execute(admin, `CREATE ROLE ${role}; GRANT ${role} TO CURRENT_USER`);
      await execute(
        empty.url,
        `GRANT ALL ON SCHEMA public TO ${role}; GRANT CREATE ON DATABASE ${name} TO ${role}`,
      );
      const apply = () => applyMigrations({ url: empty.url + options, folder: migrationsFolder });
      await expect(apply()).rejects.toThrow(
        // The role itself is there: other databases of this server have been migrated.
        `have an administrator run: GRANT cerebro_tenant TO ${role} WITH INHERIT FALSE, SET TRUE. Later ones`,
      );
      await execute(admin, `GRANT cerebro_tenant TO ${role} WITH INHERIT FALSE, SET TRUE`);
      expect(await apply()).toContain('20261123220300_isolation');
    } finally {
      await empty.drop();
      await execute(admin, `DROP ROLE IF EXISTS ${role}`);
    }
  });
});
