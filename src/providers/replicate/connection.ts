// Everything that talks to Replicate on one account, built once for it: whatever counts or remembers, does so for
// this account alone.
import Replicate from 'replicate';
import type { SettingsService } from '../../config/config.module.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import type { AccessToken } from './access-token.js';
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
  readonly token: AccessToken;
  /** Our address for webhooks; undefined: none are asked for. */
  readonly webhookUrl: string | undefined;
  readonly telemetry: Telemetry;
}

/** One account's connection. */
export class ReplicateConnection {
  readonly client: ReplicateClient;
  readonly provider: ReplicateProvider;

  constructor(settings: SettingsService, { token, webhookUrl, telemetry }: ConnectionOptions) {
    const { breakersOpen, breakerOpenings, cacheLookups } = telemetry.metrics;
    const baseUrl = settings.get('replicateBaseUrl', { infer: true });
    const timeoutMs = settings.get('predictionTimeoutMs', { infer: true });
    const admission = new CreateAdmission({
      createsPerMinute: settings.get('createsPerMinute', { infer: true }),
      modelConcurrency: settings.get('modelConcurrency', { infer: true }),
      onBreakerOpened: () => breakerOpenings.inc(),
    });
    const leave = breakersOpen.add(() => admission.breakersOpen);
    const transport = new ReplicateTransport({
      baseUrl,
      token,
      cancelAfterMs: timeoutMs,
      telemetry,
      onCreatesExhausted: (resetMs) => admission.pause(resetMs),
    });
    const replicate = new Replicate({
      // The transport replaces it on each request, as it may change. Left empty, the client would look for it itself.
      auth: 'unused',
      baseUrl,
      fetch: transport.fetch,
      useFileOutput: false,
    });
    const interfaces = new ModelInterfacesStore(new ModelsClient(replicate), undefined, (result) =>
      cacheLookups.inc({ cache: 'model_interfaces', result }),
    );
    this.client = new ReplicateClient(replicate, transport);
    this.provider = new ReplicateProvider({
      client: this.client,
      planner: new Planner(interfaces, new ImageDelivery(this.client), timeoutMs),
      admission,
      tracing: telemetry.tracing,
      streams: new StreamWatch({ dispatcher: transport.dispatcher, baseUrl }),
      publicUrl: webhookUrl,
      close: () => transport.close(),
      retire: () => {
        leave();
        return transport.retire();
      },
    });
  }
}
