// Things that specs of the audit log share: a database, clients on it, events.
import { randomUUID } from 'node:crypto';
import { createTestDatabase } from '../../test/support/postgres.js';
import { PrismaService } from '../database/prisma.service.js';
import type { AuditEventInput } from './audit-event.js';
import { AuditEventsRepository } from './audit-events.repository.js';
import { AuditLog } from './audit-log.service.js';

/** An audit log on a database of its own. */
export async function openAuditLog() {
  const database = await createTestDatabase();
  const prisma = new PrismaService({ url: database.url, poolSize: 3 });
  return {
    url: database.url,
    prisma,
    log: new AuditLog(new AuditEventsRepository(prisma)),
    close: async () => {
      await prisma.onApplicationShutdown();
      await database.drop();
    },
  };
}

/** An audit log as {@link openAuditLog} gives it. */
export type OpenAuditLog = Awaited<ReturnType<typeof openAuditLog>>;

/** Something that was done, changed by `more`. */
export function eventOf(more: Partial<AuditEventInput> = {}): AuditEventInput {
  return {
    actor: { kind: 'root' },
    action: 'tenant.create',
    target: { kind: 'tenant', id: `ten_${randomUUID().replaceAll('-', '')}` },
    after: { name: 'Acme' },
    requestId: 'req_1',
    ip: '203.0.113.7',
    ...more,
  };
}
