import { Module } from '@nestjs/common';
import { UpstreamAccounts } from '../inference/upstream-account.js';
import { VaultModule } from '../vault/vault.module.js';
import { TenantAccounts } from './tenant-accounts.service.js';

/** Tenants' own accounts at the provider: `UpstreamAccounts` to use them, `TenantAccounts` to change them too. */
@Module({
  imports: [VaultModule],
  providers: [TenantAccounts, { provide: UpstreamAccounts, useExisting: TenantAccounts }],
  exports: [TenantAccounts, UpstreamAccounts],
})
export class UpstreamAccountsModule {}
