import { Module } from '@nestjs/common';
import { SettingsService } from '../../config/config.module.js';
import { InferenceProvider } from '../../inference/inference.js';
import { ModelInterfacesStore } from './model-interfaces.store.js';
import { ReplicateClient } from './replicate.client.js';
import { ReplicateProvider } from './replicate.provider.js';
import { ReplicateTransport } from './transport.js';

/** Replicate, as the inference provider. */
@Module({
  providers: [
    {
      provide: InferenceProvider,
      inject: [SettingsService],
      useFactory: (settings: SettingsService) => {
        const predictionTimeoutMs = settings.get('predictionTimeoutMs', { infer: true });
        const transport = new ReplicateTransport(predictionTimeoutMs);
        const client = new ReplicateClient({
          token: settings.get('replicateToken', { infer: true }),
          baseUrl: settings.get('replicateBaseUrl', { infer: true }),
          transport,
        });
        return new ReplicateProvider(
          client,
          new ModelInterfacesStore(client),
          transport,
          predictionTimeoutMs,
        );
      },
    },
  ],
  exports: [InferenceProvider],
})
export class ReplicateModule {}
