import { Module } from '@nestjs/common';
import { SettingsService } from '../config/config.module.js';
import { Vault } from './vault.service.js';

/** Encryption of stored secrets, with the keys of the settings. */
@Module({
  providers: [
    {
      provide: Vault,
      inject: [SettingsService],
      useFactory: (settings: SettingsService) => new Vault(settings.get('encryptionKeys', { infer: true })),
    },
  ],
  exports: [Vault],
})
export class VaultModule {}
