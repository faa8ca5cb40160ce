// Two nodes on one database that look after predictions of two tenants, for specs of the service.
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { createTestDatabase, execute, type TestDatabase } from '../../test/support/postgres.js';
import { NodeLease } from '../database/node-lease.service.js';
import { Notifications } from '../database/notifications.service.js';
import { PrismaService } from '../database/prisma.service.js';
import { Telemetry } from '../telemetry/telemetry.js';
import type { LiveRecord } from './live-record.js';
import { call } from './predictions.fixture.js';
import { PredictionsRepository } from './predictions.repository.js';
import { Predictions } from './predictions.service.js';

/** One node. */
export interface PredictionNode {
  readonly predictions: Predictions;
  readonly lease: NodeLease;
  readonly notifications: Notifications;
  readonly telemetry: Telemetry;
}

let database: TestDatabase;
let prisma: PrismaService;
let nodes: PredictionNode[];

/** Starts both nodes for a spec file, and forgets all predictions before each of its tests. */
export function usePredictionNodes(): void {
  beforeAll(async () => {
    database = await createTestDatabase();
    await sql("INSERT INTO tenants (id, name) VALUES ('ten_a', 'Acme'), ('ten_b', 'Bolt')");
    await sql(
      `INSERT INTO api_keys (id, tenant_id, name, hash, display)
     VALUES ('key_a', 'ten_a', 'test', 'a', ''), ('key_b', 'ten_b', 'test', 'b', '')`,
    );
    const options = { url: database.url, poolSize: 4 };
    prisma = new PrismaService(options);
    nodes = [1, 2].map(() => {
      const notifications = new Notifications(options, prisma);
      const lease = new NodeLease(prisma);
      const telemetry = new Telemetry();
      const repository = new PredictionsRepository(prisma);
      return {
        lease,
        notifications,
        telemetry,
        predictions: new Predictions(repository, lease, notifications, telemetry),
      };
    });
  });
  afterAll(async () => {
    for (const { notifications, lease } of nodes) {
      await lease.release();
      await notifications.onApplicationShutdown();
    }
    await prisma.$disconnect();
    await database.drop();
  });
  beforeEach(() => sql('DELETE FROM predictions; DELETE FROM accounts'));
}

/** Runs SQL beside the nodes. */
export const sql = (text: string) => execute(database.url, text);

/** A client of the database. */
export const client = (): PrismaService => prisma;

/** One of the two. */
export const node = (index: 0 | 1): PredictionNode => {
  const found = nodes[index];
  if (!found) throw new Error('no such node');
  return found;
};

/** A third that shares the second's lease. */
export const thirdNode = (): Predictions =>
  new Predictions(new PredictionsRepository(prisma), node(1).lease, node(1).notifications, new Telemetry());

/** All predictions, the oldest first. */
export const rows = () => prisma.prediction.findMany({ orderBy: { id: 'asc' } });

/** The only one. */
export const onlyRow = async () => {
  const [row, more] = await rows();
  if (!row || more) throw new Error('not one row');
  return row;
};

/** The newest prediction for the usual call, taken over by a node. */
export async function takenBy(index: 0 | 1): Promise<LiveRecord> {
  const { predictions } = node(index);
  const stored = await predictions.findRepeated(call(), 60_000);
  const taken = stored && (await predictions.adopt(stored));
  if (!taken) throw new Error('nobody has taken it');
  return taken;
}
