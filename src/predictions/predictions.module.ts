import { Module } from '@nestjs/common';
import { Predictions } from './predictions.service.js';
import { PredictionsRepository } from './predictions.repository.js';

/** The account of predictions: intents, states, ends and costs. */
@Module({ providers: [PredictionsRepository, Predictions], exports: [Predictions] })
export class PredictionsModule {}
