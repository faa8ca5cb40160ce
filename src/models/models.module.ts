import { Module } from '@nestjs/common';
import { ModelCatalogue } from './catalogue.service.js';

/** The catalogue of models. */
@Module({ providers: [ModelCatalogue], exports: [ModelCatalogue] })
export class ModelsModule {}
