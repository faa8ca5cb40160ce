// Two nodes on one PostgreSQL that admit and settle predictions of two tenants, for specs of budgets and places.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { createTestDatabase, execute, type TestDatabase } from '../../test/support/postgres.js';
import { PrismaService } from '../database/prisma.service.js';
import type { Intent, Refusal, Settlement } from './prediction-rows.js';
import { PredictionsRepository } from './predictions.repository.js';
import { PredictionWriter } from './prediction-writer.js';

let database: TestDatabase;
let clients: PrismaService[];
let nodes: PredictionWriter[];
let serial = 0;

/** Starts both nodes for a spec file, and empties the database before each of its tests. */
export function useNodes(): void {
  beforeAll(async () => {
    database = await createTestDatabase();
    clients = [1, 2].map(() => new PrismaService({ url: database.url, poolSize: 4 }));
    nodes = clients.map((client) => new PredictionWriter(new PredictionsRepository(client)));
  });
  afterAll(async () => {
    for (const node of nodes) await node.settled();
    for (const client of clients) await client.$disconnect();
    await database.drop();
  });
  beforeEach(async () => {
    await sql(`TRUNCATE predictions, accounts, usage_rollups, budget_alerts, api_keys, tenants CASCADE;
    INSERT INTO tenants (id, name) VALUES ('ten_a', 'Acme'), ('ten_b', 'Bolt');
    INSERT INTO api_keys (id, tenant_id, name, hash, display)
    VALUES ('key_a', 'ten_a', '', 'a', ''), ('key_a2', 'ten_a', '', 'a2', ''), ('key_b', 'ten_b', '', 'b', '')`);
  });
}

/** Runs SQL beside the nodes. */
export const sql = (text: string) => execute(database.url, text);

/** A prediction that key_a of ten_a wants. */
export const intent = (more: Partial<Intent> = {}): Intent => ({
  id: `prd_${String(serial++).padStart(8, '0')}`,
  tenantId: 'ten_a',
  keyId: 'key_a',
  accountId: more.keyId ?? 'key_a',
  ownUpstream: false,
  heldNanos: 100n,
  requestId: 'req_1',
  fingerprint: Buffer.alloc(32, 1),
  model: 'm',
  upstream: 'o/m',
  version: undefined,
  inputDigest: Buffer.alloc(32, 2),
  images: 1,
  promptTokens: 5,
  durable: false,
  timeoutMs: 60_000,
  nodeId: randomUUID(),
  lease: randomUUID(),
  price: undefined,
  ...more,
});

/** A success that cost so much; undefined: nobody can tell. */
export const ended = (
  id: string,
  costNanos: bigint | undefined,
  more: Partial<Settlement> = {},
): Settlement => ({
  id,
  upstreamId: undefined,
  sentAt: undefined,
  outcome: {
    state: 'succeeded',
    startedAt: undefined,
    completedAt: undefined,
    runTimeUs: 7,
    tokens: undefined,
    countedCompletion: 3,
  },
  bill: { billing: costNanos === undefined ? 'unknown' : 'run_time', costNanos },
  error: undefined,
  lease: undefined,
  ...more,
});

/** One of the two nodes. */
export const node = (index: number): PredictionWriter => nodes[index % 2] as PredictionWriter;
/** A client of the database. */
export const client = (): PrismaService => clients[0] as PrismaService;
/** What a key or tenant has in use and spent. */
export const account = (id: string) => client().account.findUniqueOrThrow({ where: { id } });
/** Asks the first node for one prediction. */
export const admit = (more?: Partial<Intent>): Promise<Refusal | undefined> => node(0).admit([intent(more)]);

/** Many at once, over both nodes. */
export function admitAll(intents: readonly Intent[]): Promise<(Refusal | undefined)[]> {
  return Promise.all(intents.map((one, index) => node(index).admit([one])));
}
