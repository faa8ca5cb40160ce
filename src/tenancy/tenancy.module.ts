import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { UpstreamAccountsModule } from '../upstream-accounts/upstream-accounts.module.js';
import { VaultModule } from '../vault/vault.module.js';
import { AlertAddresses } from './alert-addresses.service.js';
import { KeyMint } from './key-mint.service.js';
import { KeyRights } from './key-rights.service.js';
import { KeyRotation } from './key-rotation.service.js';
import { KeyWrites } from './key-writes.service.js';
import { KeysController } from './keys.controller.js';
import { KeysRepository } from './keys.repository.js';
import { KeysService } from './keys.service.js';
import { TenantsController } from './tenants.controller.js';
import { TenantsRepository } from './tenants.repository.js';
import { TenantsService } from './tenants.service.js';
import { Writes } from './writes.repository.js';

/** The life of tenants and keys, and its doors of the admin API. */
@Module({
  imports: [AuditModule, AuthModule, UpstreamAccountsModule, VaultModule],
  controllers: [TenantsController, KeysController],
  providers: [
    ...[TenantsRepository, KeysRepository, Writes],
    ...[TenantsService, AlertAddresses],
    ...[KeysService, KeyRotation, KeyWrites, KeyRights, KeyMint],
  ],
  exports: [TenantsService, KeysService, KeyRotation],
})
export class TenancyModule {}
