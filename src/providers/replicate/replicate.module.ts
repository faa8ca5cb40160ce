import { Module } from '@nestjs/common';
import { SettingsService } from '../../config/config.module.js';
import { LiveSecrets } from '../../config/live-secrets.service.js';
import { InferenceProvider } from '../../inference/inference.js';
import type { UpstreamAccount } from '../../inference/upstream-account.js';
import { Telemetry } from '../../telemetry/telemetry.js';
import { fixedToken } from './access-token.js';
import { AccountPool } from './account-pool.js';
import { AccountsProvider } from './accounts.provider.js';
import { ReplicateConnection } from './connection.js';
import { ReplicateWebhooks } from './webhooks.service.js';

/** The gateway's own account. */
class GatewayConnection extends ReplicateConnection {
  constructor(
    readonly settings: SettingsService,
    readonly telemetry: Telemetry,
    secrets: LiveSecrets,
  ) {
    super(settings, {
      token: { current: () => secrets.get('replicateToken'), refused: () => secrets.refused() },
      webhookUrl: settings.get('publicUrl', { infer: true }),
      telemetry,
    });
  }
}

/** Webhooks of another account are signed with another secret, which we would have to ask for and keep. */
function toProvider({ provider, settings, telemetry }: GatewayConnection): AccountsProvider {
  const connect = ({ token }: UpstreamAccount) =>
    new ReplicateConnection(settings, { token: fixedToken(token), webhookUrl: undefined, telemetry })
      .provider;
  return new AccountsProvider(provider, new AccountPool(connect));
}

/** Replicate, as the inference provider and as a sender of webhooks. */
@Module({
  providers: [
    {
      provide: GatewayConnection,
      inject: [SettingsService, Telemetry, LiveSecrets],
      useFactory: (settings: SettingsService, telemetry: Telemetry, secrets: LiveSecrets) =>
        new GatewayConnection(settings, telemetry, secrets),
    },
    { provide: InferenceProvider, inject: [GatewayConnection], useFactory: toProvider },
    {
      provide: ReplicateWebhooks,
      inject: [GatewayConnection],
      useFactory: ({ client, settings }: GatewayConnection) =>
        new ReplicateWebhooks(client, settings.get('publicUrl', { infer: true })),
    },
  ],
  exports: [InferenceProvider, ReplicateWebhooks],
})
export class ReplicateModule {}
