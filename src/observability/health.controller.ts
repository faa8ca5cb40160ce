// `/healthz`: the process answers. `/readyz`: it can also do its work.
import { Controller, Get, HttpStatus, Res } from '@nestjs/common';
import {
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Requires } from '../contracts/requires.decorator.js';

/** What readiness depends on, each `ok` or the reason why not. */
export type Checks = Readonly<Record<string, string>>;

/** Finds out whether this node can serve; never throws. */
export abstract class ReadinessProbe {
  abstract check(): Promise<Checks>;
}

/** The health of this node. */
export class HealthStatus {
  @ApiProperty({ enum: ['ok', 'unavailable'] })
  status!: 'ok' | 'unavailable';
}

/** The readiness of this node. */
export class ReadinessStatus extends HealthStatus {
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string' },
    example: { database: 'ok' },
    description:
      'What readiness depends on: `ok`, or why not. `database` may be `waiting` (the node starts), `down`, `read-only` or `migrations_pending`; `shutdown` is `stopping` from a signal on.',
  })
  checks!: Checks;
}

/** Probes for load balancers and orchestrators. */
@ApiTags('Operations')
@Requires('public')
@Controller()
export class HealthController {
  constructor(private readonly probe: ReadinessProbe) {}

  @Get('healthz')
  @ApiOperation({ operationId: 'getHealth', summary: 'Whether the process is alive' })
  @ApiOkResponse({ type: HealthStatus })
  health(): HealthStatus {
    return { status: 'ok' };
  }

  @Get('readyz')
  @ApiOperation({ operationId: 'getReadiness', summary: 'Whether this node can serve requests' })
  @ApiOkResponse({ type: ReadinessStatus })
  @ApiServiceUnavailableResponse({ type: ReadinessStatus, description: 'Not now; `checks` says why.' })
  async readiness(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadinessStatus> {
    const checks = await this.probe.check();
    const ready = Object.values(checks).every((state) => state === 'ok');
    if (!ready) void reply.status(HttpStatus.SERVICE_UNAVAILABLE);
    return { status: ready ? 'ok' : 'unavailable', checks };
  }
}
