// Hands a node's telemetry to its rooms, and ends it with the node.
import { type DynamicModule, Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Telemetry } from './telemetry.js';

/** Sends the last spans when everything else has stopped. */
@Injectable()
class TelemetryEnd implements OnApplicationShutdown {
  constructor(@Inject(Telemetry) private readonly telemetry: Telemetry) {}

  async onApplicationShutdown(): Promise<void> {
    await this.telemetry.stop();
  }
}

/** Metrics and traces, for every room. */
@Module({})
export class TelemetryModule {
  static forRoot(telemetry: Telemetry): DynamicModule {
    return {
      module: TelemetryModule,
      global: true,
      providers: [{ provide: Telemetry, useValue: telemetry }, TelemetryEnd],
      exports: [Telemetry],
    };
  }
}
