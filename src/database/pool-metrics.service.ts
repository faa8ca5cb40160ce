// Shows how the pool of connections stands.
import { Injectable } from '@nestjs/common';
import { Telemetry } from '../telemetry/telemetry.js';
import { PrismaService } from './prisma.service.js';

/** Connections to the database, as metrics. */
@Injectable()
export class PoolMetrics {
  constructor(prisma: PrismaService, { metrics }: Telemetry) {
    metrics.watchAll(
      'database_pool_connections',
      'Connections to the database, and requests that wait for one.',
      ['pool', 'state'],
      () => Object.entries(prisma.connections).map(([state, count]) => [{ pool: 'main', state }, count]),
    );
  }
}
