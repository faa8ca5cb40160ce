import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { SettingsService } from '../config/config.module.js';
import { GuardedSender } from '../egress/guarded.sender.js';
import { ThrottlingModule } from '../throttling/throttling.module.js';
import { VaultModule } from '../vault/vault.module.js';
import { Accounts } from './accounts.service.js';
import { AlertCourier } from './alert-courier.service.js';
import { AlertDeliverer } from './alert-deliverer.service.js';
import { BudgetAlertsRepository } from './budget-alerts.repository.js';
import { BudgetsRepository } from './budgets.repository.js';
import { LedgerRepository } from './ledger.repository.js';
import { MeteredTenants } from './metered-tenants.repository.js';
import { OwnUsageController } from './own-usage.controller.js';
import { RetentionRepository } from './retention.repository.js';
import { Retention } from './retention.service.js';
import { TenantUsageController } from './tenant-usage.controller.js';
import { UsageRepository } from './usage.repository.js';
import { Usage } from './usage.service.js';

/** What tenants use: usage, ledger, budgets and their alerts, and how long all that is kept. */
@Module({
  imports: [ThrottlingModule, VaultModule],
  controllers: [TenantUsageController, OwnUsageController],
  providers: [
    MeteredTenants,
    UsageRepository,
    Usage,
    LedgerRepository,
    BudgetsRepository,
    BudgetAlertsRepository,
    Accounts,
    {
      provide: GuardedSender,
      inject: [SettingsService],
      useFactory: (settings: SettingsService) =>
        new GuardedSender({ privateHosts: settings.get('privateImageHosts', { infer: true }) }),
    },
    AlertCourier,
    AlertDeliverer,
    RetentionRepository,
    {
      provide: Retention,
      inject: [RetentionRepository, SettingsService],
      useFactory: (repository: RetentionRepository, settings: SettingsService) =>
        new Retention(repository, settings.get('ledgerRetentionMs', { infer: true })),
    },
  ],
  // What the RateLimitGuard needs where it is used.
  exports: [ThrottlingModule],
})
export class MeteringModule implements OnApplicationShutdown {
  constructor(@Inject(GuardedSender) private readonly sender: GuardedSender) {}

  async onApplicationShutdown(): Promise<void> {
    await this.sender.close();
  }
}
