import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { SettingsService } from '../config/config.module.js';
import { ThrottlingModule } from '../throttling/throttling.module.js';
import { AuthGuard } from './auth.guard.js';
import { Authenticator } from './authenticator.service.js';
import { CredentialsRepository } from './credentials.repository.js';
import { KeyHasher } from './key-hasher.js';
import { KeyPeppers } from './key-peppers.service.js';
import { KeyUses } from './key-uses.service.js';
import { Revocations } from './revocations.service.js';

/** Keys as credentials, and the guard over every route. */
@Module({
  imports: [ThrottlingModule],
  providers: [
    {
      provide: KeyHasher,
      inject: [SettingsService],
      useFactory: (settings: SettingsService) =>
        new KeyHasher(
          settings.getOrThrow('keyPepper', { infer: true }),
          settings.get('keyPepperPrevious', { infer: true }),
        ),
    },
    CredentialsRepository,
    KeyUses,
    KeyPeppers,
    Authenticator,
    Revocations,
    { provide: APP_GUARD, useClass: AuthGuard },
  ],
  exports: [Authenticator, KeyHasher, KeyPeppers, Revocations],
})
export class AuthModule {}
