import { Module } from '@nestjs/common';
import { ImagesModule } from '../images/images.module.js';
import { ModelsModule } from '../models/models.module.js';
import { PredictionsModule } from '../predictions/predictions.module.js';
import { ReplicateModule } from '../providers/replicate/replicate.module.js';
import { StructuredOutputModule } from '../structured-output/structured-output.module.js';
import { UpstreamAccountsModule } from '../upstream-accounts/upstream-accounts.module.js';
import { AccountsOfRecords } from './accounts-of-records.js';
import { Aftercare } from './aftercare.service.js';
import { Asking } from './asking.service.js';
import { CallTelemetry } from './call-telemetry.service.js';
import { Choices } from './choices.service.js';
import { ContentKeeper } from './content-keeper.service.js';
import { Gateway } from './gateway.service.js';
import { ImagesForPlan } from './images-for-plan.js';
import { Joining } from './joining.service.js';
import { LostPredictions } from './lost-predictions.js';
import { Reconciler } from './reconciler.service.js';
import { RetainedContentsRepository } from './retained-contents.repository.js';
import { Terminations } from './terminations.service.js';
import { StructuredAnswers } from './structured-answers.service.js';

/** The road from a door to a model and back, and the care for what is left on it. */
@Module({
  imports: [
    ModelsModule,
    ImagesModule,
    PredictionsModule,
    ReplicateModule,
    StructuredOutputModule,
    UpstreamAccountsModule,
  ],
  providers: [
    Gateway,
    CallTelemetry,
    Choices,
    RetainedContentsRepository,
    ContentKeeper,
    StructuredAnswers,
    ImagesForPlan,
    Asking,
    Joining,
    AccountsOfRecords,
    LostPredictions,
    Aftercare,
    Reconciler,
    Terminations,
  ],
  exports: [Gateway],
})
export class GatewayModule {}
