import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { SettingsService } from '../config/config.module.js';
import { AdminController } from './admin.controller.js';
import { AuthGuard } from './auth.guard.js';
import { Authenticator } from './authenticator.service.js';
import { KeyHasher } from './key-hasher.js';
import { TenancyRepository } from './tenancy.repository.js';
import { TenancyService } from './tenancy.service.js';

/** Keys, tenants, the guard over every route, and the admin API. */
@Module({
  controllers: [AdminController],
  providers: [
    {
      provide: KeyHasher,
      inject: [SettingsService],
      useFactory: (settings: SettingsService) =>
        new KeyHasher(settings.getOrThrow('keyPepper', { infer: true })),
    },
    TenancyRepository,
    Authenticator,
    TenancyService,
    { provide: APP_GUARD, useClass: AuthGuard },
  ],
  exports: [Authenticator, TenancyService],
})
export class AuthModule {}
