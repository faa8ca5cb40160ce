// Two nodes on one database: what one stores, the other uses.
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTestDatabase, execute, type TestDatabase } from '../../test/support/postgres.js';
import { readEncryptionKeys } from '../config/encryption-keys.js';
import { Notifications } from '../database/notifications.service.js';
import { PrismaService } from '../database/prisma.service.js';
import { Telemetry } from '../telemetry/telemetry.js';
import { SealError, Vault } from '../vault/vault.service.js';
import { TenantAccounts } from './tenant-accounts.service.js';

const TOKEN = 'r8_the-tenants-own-token';
const vault = new Vault(readEncryptionKeys(`1:${Buffer.alloc(32, 7).toString('base64')}`) ?? []);

let database: TestDatabase;
let prisma: PrismaService;
let notifications: Notifications[];
let here: TenantAccounts;
let there: TenantAccounts;

beforeAll(async () => {
  database = await createTestDatabase();
  await execute(database.url, "INSERT INTO tenants (id, name) VALUES ('ten_a', 'Acme'), ('ten_b', 'Bolt')");
  prisma = new PrismaService({ url: database.url, poolSize: 4 });
  const node = () => new Notifications({ url: database.url }, prisma);
  notifications = [node(), node()];
  [here, there] = notifications.map((own) => new TenantAccounts(prisma, vault, own, new Telemetry())) as [
    TenantAccounts,
    TenantAccounts,
  ];
  await Promise.all([here.of('ten_a'), there.of('ten_a')]);
  await vi.waitFor(() => expect(notifications.every(({ isListening }) => isListening)).toBe(true), {
    timeout: 10_000,
  });
});
afterAll(async () => {
  for (const own of notifications) await own.onApplicationShutdown();
  await prisma.$disconnect();
  await database.drop();
});
beforeEach(() =>
  execute(database.url, 'UPDATE tenants SET upstream_token = NULL, upstream_token_set_at = NULL'),
);

const set = (tenantId: string, token: string | null) =>
  prisma.$transaction((tx) => here.set(tx, tenantId, token));
const tokenThere = () => expect.poll(async () => (await there.of('ten_a'))?.token, { timeout: 10_000 });
const row = () => prisma.tenant.findUniqueOrThrow({ where: { id: 'ten_a' } });

describe("tenants' own accounts", () => {
  it('are used by every node as soon as they are stored, changed and removed', async () => {
    expect(await there.of('ten_a')).toBeUndefined();
    await set('ten_a', TOKEN);
    await tokenThere().toBe(TOKEN);
    await set('ten_a', 'r8_another');
    await tokenThere().toBe('r8_another');
    await set('ten_a', null);
    await tokenThere().toBe(undefined);
  });

  it('are stored sealed, with the time, and removed with it', async () => {
    await set('ten_a', TOKEN);
    const { upstreamToken, upstreamTokenSetAt } = await row();
    expect(upstreamToken).toMatch(/^v1\./);
    expect(upstreamToken).not.toContain(TOKEN);
    expect(upstreamTokenSetAt).toBeInstanceOf(Date);
    await set('ten_a', null);
    expect(await row()).toMatchObject({ upstreamToken: null, upstreamTokenSetAt: null });
  });

  it('are others with another token, and the same with the same', async () => {
    await set('ten_a', TOKEN);
    here.forget('ten_a');
    const first = await here.of('ten_a');
    here.forget('ten_a');
    expect((await here.of('ten_a'))?.id).toBe(first?.id);
    expect(first?.id).toMatch(/^ten_a:[\w-]{16}$/);
    await set('ten_a', 'r8_another');
    here.forget('ten_a');
    expect((await here.of('ten_a'))?.id).not.toBe(first?.id);
  });

  it('show their tokens to nobody who prints them', async () => {
    await set('ten_a', TOKEN);
    here.forget('ten_a');
    const account = await here.of('ten_a');
    expect(account?.token).toBe(TOKEN);
    expect(inspect({ account }, { depth: 9, showHidden: true, getters: true })).not.toContain(TOKEN);
    expect(JSON.stringify({ account, copy: { ...account } })).not.toContain(TOKEN);
  });

  it('are refused where a sealed token was copied from another tenant', async () => {
    await set('ten_b', TOKEN);
    await execute(
      database.url,
      "UPDATE tenants SET upstream_token = (SELECT upstream_token FROM tenants WHERE id = 'ten_b') WHERE id = 'ten_a'",
    );
    here.forget('ten_a');
    await expect(here.of('ten_a')).rejects.toThrow(SealError);
    expect((await here.of('ten_b'))?.token).toBe(TOKEN);
  });

  it('cannot be stored without an encryption key, and nothing is written then', async () => {
    const without = new TenantAccounts(
      prisma,
      new Vault([]),
      notifications[0] as Notifications,
      new Telemetry(),
    );
    const storing = prisma.$transaction((tx) => without.set(tx, 'ten_a', TOKEN));
    await expect(storing).rejects.toMatchObject({ reason: 'encryption_not_configured' });
    expect((await row()).upstreamToken).toBeNull();
  });

  it('do not come of a transaction that is not committed', async () => {
    const failing = prisma.$transaction(async (tx) => {
      await here.set(tx, 'ten_a', TOKEN);
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    here.forget('ten_a');
    expect(await here.of('ten_a')).toBeUndefined();
  });
});
