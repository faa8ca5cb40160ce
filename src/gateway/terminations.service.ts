// Ends predictions that run on for a caller who was to come back for them, and may not any more: the key was revoked,
// or its tenant suspended or deleted. Requests that are running are ended by the authentication.
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { CREDENTIALS_CHANNEL } from '../database/channels.js';
import { Notifications } from '../database/notifications.service.js';
import { Predictions } from '../predictions/predictions.service.js';
import { Reconciler } from './reconciler.service.js';

/** Hears of keys and tenants that have changed. */
@Injectable()
export class Terminations implements OnModuleDestroy {
  private readonly logger = new Logger(Terminations.name);
  private readonly stopListening: () => void;

  constructor(
    private readonly predictions: Predictions,
    private readonly reconciler: Reconciler,
    notifications: Notifications,
  ) {
    this.stopListening = notifications.on(CREDENTIALS_CHANNEL, (id) => void this.terminate(id));
  }

  onModuleDestroy(): void {
    this.stopListening();
  }

  private async terminate(id: string): Promise<void> {
    try {
      if (await this.predictions.disown(id)) await this.reconciler.run();
    } catch (error) {
      // They end at their deadlines, and cost no more than was held for them.
      this.logger.warn(`predictions of ${id} may run on: ${(error as Error).message}`);
    }
  }
}
