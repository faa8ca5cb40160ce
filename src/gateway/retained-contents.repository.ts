// Writes what is kept of calls. Reading it is the metering's, removing it the metering's retention's.
import { Injectable } from '@nestjs/common';
import { PrismaService } from '../database/prisma.service.js';
import type { RetainedRow } from './retained-content.js';

/** Contents in the database. */
@Injectable()
export class RetainedContentsRepository {
  constructor(private readonly prisma: PrismaService) {}

  /**
   * Keeps these, each once, in one statement. What the tenant says now counts too: where it has asked to have nothing
   * kept meanwhile, or has gone, nothing is, and nothing for longer than it says.
   */
  async add(rows: readonly RetainedRow[]): Promise<void> {
    const column = <Name extends keyof RetainedRow>(name: Name) => rows.map((row) => row[name]);
    await this.prisma.$executeRaw`
      INSERT INTO retained_contents (prediction_id, tenant_id, prompt, answer, expires_at)
      SELECT p.id, t.id, r.prompt::jsonb, r.answer,
        now() + LEAST(r.days, t.retain_content_days) * interval '24 hours'
      FROM unnest(${column('predictionId')}::text[], ${column('tenantId')}::text[], ${column('days')}::int[],
        ${column('prompt')}::text[], ${column('answer')}::text[]) AS r(id, tenant_id, days, prompt, answer)
      JOIN tenants t ON t.id = r.tenant_id AND t.deleted_at IS NULL AND t.retain_content_days IS NOT NULL
      JOIN predictions p ON p.id = r.id AND p.tenant_id = t.id
      ON CONFLICT DO NOTHING`;
  }
}
