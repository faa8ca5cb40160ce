import { Module } from '@nestjs/common';
import { PredictionsModule } from '../predictions/predictions.module.js';
import { ReplicateModule } from '../providers/replicate/replicate.module.js';
import { ReplicateWebhooksController } from './replicate-webhooks.controller.js';

/** The doors that providers knock at. */
@Module({ imports: [PredictionsModule, ReplicateModule], controllers: [ReplicateWebhooksController] })
export class WebhooksModule {}
