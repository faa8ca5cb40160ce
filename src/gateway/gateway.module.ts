import { Module } from '@nestjs/common';
import { ModelsModule } from '../models/models.module.js';
import { ReplicateModule } from '../providers/replicate/replicate.module.js';
import { Gateway } from './gateway.service.js';

/** The road from a door to a model and back. */
@Module({ imports: [ModelsModule, ReplicateModule], providers: [Gateway], exports: [Gateway] })
export class GatewayModule {}
