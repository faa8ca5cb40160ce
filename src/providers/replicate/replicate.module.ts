import { Module } from '@nestjs/common';
import { SettingsService } from '../../config/config.module.js';
import { InferenceProvider } from '../../inference/inference.js';
import type { UpstreamAccount } from '../../inference/upstream-account.js';
import { AccountPool } from './account-pool.js';
import { AccountsProvider } from './accounts.provider.js';
import { ReplicateConnection } from './connection.js';
import { ReplicateWebhooks } from './webhooks.service.js';

/** The gateway's own account. */
class GatewayConnection extends ReplicateConnection {
  constructor(readonly settings: SettingsService) {
    super(settings, {
      token: settings.get('replicateToken', { infer: true }),
      webhookUrl: settings.get('publicUrl', { infer: true }),
    });
  }
}

/** Webhooks of another account are signed with another secret, which we would have to ask for and keep. */
function toProvider({ provider, settings }: GatewayConnection): AccountsProvider {
  const connect = ({ token }: UpstreamAccount) =>
    new ReplicateConnection(settings, { token, webhookUrl: undefined }).provider;
  return new AccountsProvider(provider, new AccountPool(connect));
}

/** Replicate, as the inference provider and as a sender of webhooks. */
@Module({
  providers: [
    {
      provide: GatewayConnection,
      inject: [SettingsService],
      useFactory: (settings: SettingsService) => new GatewayConnection(settings),
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
