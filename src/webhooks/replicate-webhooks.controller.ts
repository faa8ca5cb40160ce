// `POST /webhooks/replicate/{id}`: where Replicate tells how a prediction goes.
import { Body, Controller, HttpCode, Logger, Param, Post, Req } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { isId } from '../contracts/identifier.js';
import { Requires } from '../contracts/requires.decorator.js';
import { ApiError } from '../errors/api-error.js';
import { ApiErrors } from '../http/api-errors.decorator.js';
import { Predictions } from '../predictions/predictions.service.js';
import { Telemetry } from '../telemetry/telemetry.js';
import { ReplicateWebhooks } from '../providers/replicate/webhooks.service.js';

/** Replicate's door. Its signature is what it requires. */
@ApiTags('Provider')
@Requires('public')
@Controller('webhooks/replicate')
export class ReplicateWebhooksController {
  private readonly logger = new Logger(ReplicateWebhooksController.name);

  constructor(
    private readonly webhooks: ReplicateWebhooks,
    private readonly predictions: Predictions,
    private readonly telemetry: Telemetry,
  ) {}

  /** Anything but 2xx makes Replicate send again, so what we do not know, or know already, is a 200 as well. */
  @Post(':id')
  @HttpCode(200)
  @RouteConfig({ rawBody: true })
  @ApiOperation({
    operationId: 'receiveReplicateWebhook',
    summary: 'For Replicate: how a prediction goes',
    description: 'Signed as Standard Webhooks are; anything else is refused. Not for callers.',
  })
  @ApiOkResponse({
    description: 'Heard.',
    schema: { type: 'object', properties: { received: { type: 'boolean' } } },
  })
  @ApiErrors('invalid_json', 'webhook_refused', 'not_found', 'upstream_unavailable')
  async receive(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Body() body: unknown,
  ): Promise<{ received: true }> {
    const { webhooks } = this.telemetry.metrics;
    try {
      const isKnown = await this.hear(id, request, body);
      webhooks.inc({ result: isKnown ? 'known' : 'unknown' });
      return { received: true };
    } catch (error) {
      webhooks.inc({ result: error instanceof ApiError ? error.reason : 'error' });
      throw error;
    }
  }

  private async hear(id: string, request: FastifyRequest, body: unknown): Promise<boolean> {
    if (this.webhooks.publicUrl === undefined || !isId('prd_', id)) throw new ApiError('not_found');
    const report = await this.webhooks.read(
      {
        id: header(request, 'webhook-id'),
        timestamp: header(request, 'webhook-timestamp'),
        signature: header(request, 'webhook-signature'),
        body: request.rawBody ?? Buffer.alloc(0),
      },
      body,
      id,
    );
    const isKnown = await this.predictions.report(id, report);
    if (!isKnown) this.logger.warn(`a webhook for ${id}, which is unknown`);
    return isKnown;
  }
}

function header({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}
