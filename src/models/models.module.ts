import { Module } from '@nestjs/common';
import { SettingsService } from '../config/config.module.js';
import { DEFAULT_MODEL, ModelCatalogue } from './catalogue.service.js';
import { loadModelsFile, MODELS_FILE } from './models-file.loader.js';
import { ModelsController } from './models.controller.js';

/** The catalogue of models, and its door. */
@Module({
  controllers: [ModelsController],
  providers: [
    {
      provide: MODELS_FILE,
      inject: [SettingsService],
      useFactory: (settings: SettingsService) =>
        loadModelsFile(settings.get('modelsFile', { infer: true }), DEFAULT_MODEL),
    },
    ModelCatalogue,
  ],
  exports: [ModelCatalogue],
})
export class ModelsModule {}
