import { type DynamicModule, Module } from '@nestjs/common';
import { AuditModule } from './audit/audit.module.js';
import { AuthModule } from './auth/auth.module.js';
import { ChatCompletionsModule } from './chat-completions/chat-completions.module.js';
import { CompletionsModule } from './completions/completions.module.js';
import { SettingsModule } from './config/config.module.js';
import type { Settings } from './config/settings.js';
import { DatabaseHealth } from './database/database-health.service.js';
import { DatabaseModule } from './database/database.module.js';
import { PoolMetrics } from './database/pool-metrics.service.js';
import { FilesModule } from './files/files.module.js';
import type { InFlight } from './http/in-flight.js';
import { HealthController, ReadinessProbe } from './observability/health.controller.js';
import { MetricsController } from './observability/metrics.controller.js';
import type { Telemetry } from './telemetry/telemetry.js';
import { TelemetryModule } from './telemetry/telemetry.module.js';
import { TenancyModule } from './tenancy/tenancy.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

/** Settings that are complete: what was missing outside production has been made up for. */
export type ReadySettings = Settings & Required<Pick<Settings, 'databaseUrl' | 'adminKey' | 'keyPepper'>>;

/** The whole gateway. */
@Module({})
export class AppModule {
  static forRoot(
    settings: ReadySettings,
    telemetry: Telemetry,
    inFlight: Pick<InFlight, 'isLeaving'>,
  ): DynamicModule {
    return {
      module: AppModule,
      imports: [
        SettingsModule.forRoot(settings),
        TelemetryModule.forRoot(telemetry),
        DatabaseModule.forRoot({ url: settings.databaseUrl, poolSize: settings.databasePoolSize }),
        AuditModule,
        AuthModule,
        ChatCompletionsModule,
        CompletionsModule,
        FilesModule,
        TenancyModule,
        WebhooksModule,
      ],
      controllers: [HealthController, MetricsController],
      providers: [
        PoolMetrics,
        {
          provide: ReadinessProbe,
          inject: [DatabaseHealth],
          useFactory: (database: DatabaseHealth): ReadinessProbe => ({
            check: async () => ({
              database: await database.check(),
              ...(inFlight.isLeaving && { shutdown: 'stopping' }),
            }),
          }),
        },
      ],
    };
  }
}
