// `GET /metrics`: what Prometheus collects.
import { createHash, timingSafeEqual } from 'node:crypto';
import { Controller, Get, Headers, Res } from '@nestjs/common';
import {
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiTags,
  ApiUnauthorizedResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { LiveSecrets } from '../config/live-secrets.service.js';
import { ErrorBody } from '../contracts/error-body.contract.js';
import { Requires } from '../contracts/requires.decorator.js';
import { ApiError } from '../errors/api-error.js';
import { Telemetry } from '../telemetry/telemetry.js';
import { ReadinessProbe } from './health.controller.js';

/** Prometheus' text format, in the version that the library writes. */
const TEXT_FORMAT = 'text/plain; version=0.0.4; charset=utf-8';

/** Metrics. With a `CEREBRO_METRICS_TOKEN` they are for whoever brings it. */
@ApiTags('Operations')
@Requires('public')
@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly telemetry: Telemetry,
    private readonly probe: ReadinessProbe,
    private readonly secrets: LiveSecrets,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'getMetrics',
    summary: 'Metrics of this node, for Prometheus',
    description: 'Where `CEREBRO_METRICS_TOKEN` is set, that is the bearer token to bring.',
  })
  @ApiProduces('text/plain')
  @ApiOkResponse({ description: "In Prometheus' text format.", schema: { type: 'string' } })
  @ApiUnauthorizedResponse({
    description: 'A token is set, and this was none or another one.',
    content: { 'application/json': { schema: { $ref: getSchemaPath(ErrorBody) } } },
  })
  async metrics(
    @Headers('authorization') authorization: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const token = this.secrets.get('metricsToken');
    if (token !== undefined) requireToken(authorization, token);
    const { metrics } = this.telemetry;
    const states = Object.values(await this.probe.check());
    metrics.ready.set(states.every((state) => state === 'ok') ? 1 : 0);
    // Not before: a refusal is JSON.
    void reply.header('content-type', TEXT_FORMAT);
    return metrics.text();
  }
}

function requireToken(authorization: string | undefined, token: string): void {
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (given === undefined) throw new ApiError('missing_api_key');
  if (!timingSafeEqual(digest(given), digest(token))) throw new ApiError('invalid_api_key');
}

/** Of one length, whatever is compared. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
