// Everything that talks to Replicate on one account, built once for it: whatever counts or remembers, does so for
// this account alone.
import Replicate from 'replicate';
import type { SettingsService } from '../../config/config.module.js';
import { CreateAdmission } from './create-admission.js';
import { ImageDelivery } from './image-delivery.js';
import { ModelInterfacesStore } from './model-interfaces.store.js';
import { ModelsClient } from './models.client.js';
import { Planner } from './planner.js';
import { ReplicateClient } from './replicate.client.js';
import { ReplicateProvider } from './replicate.provider.js';
import { StreamWatch } from './stream-watch.js';
import { ReplicateTransport } from './transport.js';

/** On which account, and where it is to report to. */
export interface ConnectionOptions {
  readonly token: string | undefined;
  /** Our address for webhooks; undefined: none are asked for. */
  readonly webhookUrl: string | undefined;
}

/** One account's connection. */
export class ReplicateConnection {
  readonly client: ReplicateClient;
  readonly provider: ReplicateProvider;

  constructor(settings: SettingsService, { token, webhookUrl }: ConnectionOptions) {
    const baseUrl = settings.get('replicateBaseUrl', { infer: true });
    const timeoutMs = settings.get('predictionTimeoutMs', { infer: true });
    const admission = new CreateAdmission({
      createsPerMinute: settings.get('createsPerMinute', { infer: true }),
      modelConcurrency: settings.get('modelConcurrency', { infer: true }),
    });
    const transport = new ReplicateTransport({
      baseUrl,
      token,
      cancelAfterMs: timeoutMs,
      onCreatesExhausted: (resetMs) => admission.pause(resetMs),
    });
    const replicate = new Replicate({
      auth: token ?? '',
      baseUrl,
      fetch: transport.fetch,
      useFileOutput: false,
    });
    const interfaces = new ModelInterfacesStore(new ModelsClient(replicate));
    this.client = new ReplicateClient(replicate, transport);
    this.provider = new ReplicateProvider({
      client: this.client,
      planner: new Planner(interfaces, new ImageDelivery(this.client), timeoutMs),
      admission,
      streams: new StreamWatch({ dispatcher: transport.dispatcher, baseUrl }),
      publicUrl: webhookUrl,
      close: () => transport.close(),
      retire: () => transport.retire(),
    });
  }
}
