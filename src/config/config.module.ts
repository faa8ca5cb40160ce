// Gives the checked settings to everything that Nest builds, through @nestjs/config, and secrets as they are now.
import { type DynamicModule, Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { LiveSecrets } from './live-secrets.service.js';
import type { Settings } from './settings.js';

/** `ConfigService` as this project injects it: `config.get('port', { infer: true })`. */
export class SettingsService extends ConfigService<Settings, true> {}

@Module({})
export class SettingsModule {
  /** Nest's configuration out of settings that were read once, before Nest: `.env` and environment are not read again. */
  static forRoot(settings: Settings): DynamicModule {
    return {
      module: SettingsModule,
      global: true,
      imports: [
        ConfigModule.forRoot({ ignoreEnvFile: true, skipProcessEnv: true, load: [() => ({ ...settings })] }),
      ],
      providers: [
        { provide: SettingsService, useExisting: ConfigService },
        { provide: LiveSecrets, useFactory: () => new LiveSecrets(settings) },
      ],
      exports: [SettingsService, LiveSecrets],
    };
  }
}
