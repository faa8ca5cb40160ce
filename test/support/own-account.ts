// A tenant's own token at Replicate, stored as the admin API stores it.
import { randomBytes } from 'node:crypto';
import { readEncryptionKeys } from '../../src/config/encryption-keys.js';
import { withSession } from '../../src/database/migrations.js';
import { TenantAccounts } from '../../src/upstream-accounts/tenant-accounts.service.js';
import { Vault } from '../../src/vault/vault.service.js';
import { eventually, type TestGateway } from './gateway.js';

/** A token such as Replicate makes them; it must occur nowhere but on the way to Replicate. */
export const OWN_TOKEN = 'r8_canary4711canary4711canary4711canary47';

/** As `CEREBRO_ENCRYPTION_KEYS` spells them. */
export const ENCRYPTION_KEYS = `1:${randomBytes(32).toString('base64')}`;

/** The same, as a setting. */
export const encryptionKeys = readEncryptionKeys(ENCRYPTION_KEYS) ?? [];

/** Stores a tenant's token, or removes it. Nodes hear of it soon. */
export async function storeToken(databaseUrl: string, tenantId: string, token: string | null): Promise<void> {
  const sealed =
    token === null ? null : new Vault(encryptionKeys).seal(token, `tenants/${tenantId}/upstream_token`);
  await withSession(databaseUrl, (session) =>
    session.query('UPDATE tenants SET upstream_token = $1, upstream_token_set_at = now() WHERE id = $2', [
      sealed,
      tenantId,
    ]),
  );
}

/** Stores the token of a gateway's tenant, and waits until all of these nodes know. */
export async function setToken(
  token: string | null,
  ...nodes: [TestGateway, ...TestGateway[]]
): Promise<void> {
  const [{ databaseUrl, tenantId }] = nodes;
  await storeToken(databaseUrl, tenantId, token);
  await eventually('every node knows the token', async () => {
    const known = await Promise.all(nodes.map(({ app }) => app.nest.get(TenantAccounts).of(tenantId)));
    return known.every((account) => account?.token === (token ?? undefined));
  });
}

/** Every row of every table, as text. */
export function dump(databaseUrl: string): Promise<string> {
  return withSession(databaseUrl, async (session) => {
    const tables = await session.query<{ name: string }>(
      "SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
    );
    const texts = [];
    for (const { name } of tables.rows) {
      const { rows } = await session.query<{ text: string }>(`SELECT t::text AS text FROM ${name} t`);
      texts.push(name, ...rows.map(({ text }) => text));
    }
    return texts.join('\n');
  });
}
