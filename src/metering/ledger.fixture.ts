// Tenants with keys, and predictions of theirs, for specs: admitted and settled as the gateway does it, in SQL.
import { randomBytes, randomUUID } from 'node:crypto';
import { createTestDatabase, execute } from '../../test/support/postgres.js';
import { PrismaService } from '../database/prisma.service.js';
import { TenantDatabase } from '../database/tenant-database.js';

/** A prediction. What is not given is usual. */
export interface Use {
  readonly tenantId?: string;
  readonly keyId?: string;
  readonly accountId?: string;
  readonly model?: string;
  readonly requestId?: string;
  /** When it began; now unless given. */
  readonly at?: Date;
  readonly heldNanos?: bigint | null;
  /** False: it runs on. */
  readonly settled?: boolean;
  readonly state?: string;
  readonly billing?: string;
  readonly costNanos?: bigint | null;
  readonly promptTokens?: number;
  readonly completionTokens?: number;
  readonly runTimeUs?: number;
  readonly images?: number;
}

/** A database of its own, with what writes to it. */
export interface LedgerDatabase {
  readonly url: string;
  readonly prisma: PrismaService;
  readonly tenants: TenantDatabase;
  /** Adds a tenant with these keys. */
  addTenant(id: string, keyIds: readonly string[]): Promise<void>;
  /** Makes a prediction, and gives its id. */
  use(use?: Use): Promise<string>;
  sql(statement: string): Promise<void>;
  close(): Promise<void>;
}

/** An id of a moment, as `newId` would have made it then. */
export function predictionId(at: Date): string {
  return `prd_${at.getTime().toString(16).padStart(12, '0')}7${randomBytes(10).toString('hex').slice(0, 19)}`;
}

/** A database with the tenants `ten_a` (keys `key_a`, `key_b`) and `ten_z` (`key_z`). */
export async function startLedger(): Promise<LedgerDatabase> {
  const database = await createTestDatabase();
  const prisma = new PrismaService({ url: database.url, poolSize: 4 });
  const addTenant = async (id: string, keyIds: readonly string[]): Promise<void> => {
    await prisma.tenant.create({ data: { id, name: id } });
    const common = { tenantId: id, name: 'k', display: 'k' };
    await prisma.apiKey.createMany({
      data: keyIds.map((keyId) => ({ ...common, id: keyId, accountId: keyId, hash: Buffer.from(keyId) })),
    });
  };
  await addTenant('ten_a', ['key_a', 'key_b']);
  await addTenant('ten_z', ['key_z']);
  return {
    url: database.url,
    prisma,
    tenants: new TenantDatabase(prisma),
    addTenant,
    use: (use = {}) => make(prisma, use),
    sql: (statement) => execute(database.url, statement),
    close: async () => {
      await prisma.$disconnect();
      await database.drop();
    },
  };
}

async function make(prisma: PrismaService, use: Use): Promise<string> {
  const { keyId = 'key_a', at = new Date(), heldNanos = 10_000_000n } = use;
  const id = predictionId(at);
  const intent = {
    id,
    tenant_id: use.tenantId ?? 'ten_a',
    key_id: keyId,
    account_id: use.accountId ?? keyId,
    own_upstream: false,
    held_nanos: heldNanos?.toString(),
    request_id: use.requestId ?? 'req_1',
    fingerprint: '00',
    model: use.model ?? 'phi',
    upstream: 'o/m',
    input_digest: '00',
    images: use.images ?? 1,
    prompt_tokens: use.promptTokens ?? 5,
    durable: false,
    timeout_ms: 60_000,
    node_id: randomUUID(),
    lease: randomUUID(),
  };
  const [admitted] = await prisma.$queryRaw<{ refusal: string | null }[]>`
    SELECT * FROM admit_predictions(${JSON.stringify([intent])}::jsonb)`;
  if (admitted?.refusal !== null) throw new Error(`refused: ${admitted?.refusal}`);
  if (use.at) await prisma.prediction.update({ where: { id }, data: { createdAt: use.at } });
  if (use.settled !== false) await settle(prisma, id, use);
  return id;
}

async function settle(prisma: PrismaService, id: string, use: Use): Promise<void> {
  const end = {
    id,
    state: use.state ?? 'succeeded',
    started_at: use.at ?? new Date(),
    completed_at: use.at ?? new Date(),
    upstream_id: id.slice(4),
    run_time_us: use.runTimeUs ?? 1_500_000,
    completion_tokens: use.completionTokens ?? 7,
    billing: use.billing ?? 'run_time',
    cost_nanos: use.costNanos === null ? null : (use.costNanos ?? 1_000_001n).toString(),
  };
  await prisma.$queryRaw`SELECT settle_predictions(${JSON.stringify([end])}::jsonb)`;
}
