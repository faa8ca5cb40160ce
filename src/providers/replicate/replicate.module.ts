import { Module } from '@nestjs/common';
import Replicate from 'replicate';
import { SettingsService } from '../../config/config.module.js';
import { InferenceProvider } from '../../inference/inference.js';
import { CreateAdmission } from './create-admission.js';
import { ImageDelivery } from './image-delivery.js';
import { ModelInterfacesStore } from './model-interfaces.store.js';
import { ModelsClient } from './models.client.js';
import { Planner } from './planner.js';
import { ReplicateClient } from './replicate.client.js';
import { ReplicateProvider } from './replicate.provider.js';
import { StreamWatch } from './stream-watch.js';
import { ReplicateTransport } from './transport.js';
import { ReplicateWebhooks } from './webhooks.service.js';

/** Everything that talks to Replicate, built once. */
class ReplicateConnection {
  readonly admission: CreateAdmission;
  readonly transport: ReplicateTransport;
  readonly client: ReplicateClient;
  readonly models: ModelsClient;
  readonly streams: StreamWatch;

  constructor(readonly settings: SettingsService) {
    const token = settings.get('replicateToken', { infer: true });
    const baseUrl = settings.get('replicateBaseUrl', { infer: true });
    this.admission = new CreateAdmission({
      createsPerMinute: settings.get('createsPerMinute', { infer: true }),
      modelConcurrency: settings.get('modelConcurrency', { infer: true }),
    });
    this.transport = new ReplicateTransport({
      baseUrl,
      token,
      cancelAfterMs: settings.get('predictionTimeoutMs', { infer: true }),
      onCreatesExhausted: (resetMs) => this.admission.pause(resetMs),
    });
    const replicate = new Replicate({
      auth: token ?? '',
      baseUrl,
      fetch: this.transport.fetch,
      useFileOutput: false,
    });
    this.client = new ReplicateClient(replicate, this.transport);
    this.models = new ModelsClient(replicate);
    this.streams = new StreamWatch({ dispatcher: this.transport.dispatcher, baseUrl });
  }
}

function toProvider({
  settings,
  client,
  models,
  admission,
  transport,
  streams,
}: ReplicateConnection): ReplicateProvider {
  const planner = new Planner(
    new ModelInterfacesStore(models),
    new ImageDelivery(client),
    settings.get('predictionTimeoutMs', { infer: true }),
  );
  return new ReplicateProvider({
    client,
    planner,
    admission,
    streams,
    publicUrl: settings.get('publicUrl', { infer: true }),
    close: () => transport.close(),
  });
}

/** Replicate, as the inference provider and as a sender of webhooks. */
@Module({
  providers: [
    {
      provide: ReplicateConnection,
      inject: [SettingsService],
      useFactory: (settings: SettingsService) => new ReplicateConnection(settings),
    },
    { provide: InferenceProvider, inject: [ReplicateConnection], useFactory: toProvider },
    {
      provide: ReplicateWebhooks,
      inject: [ReplicateConnection],
      useFactory: ({ client, settings }: ReplicateConnection) =>
        new ReplicateWebhooks(client, settings.get('publicUrl', { infer: true })),
    },
  ],
  exports: [InferenceProvider, ReplicateWebhooks],
})
export class ReplicateModule {}
