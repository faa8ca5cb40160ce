// Ends requests that run under a key which was revoked meanwhile, or whose tenant was suspended or deleted.
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Notifications } from '../database/notifications.service.js';
import { ApiError } from '../errors/api-error.js';
import type { InFlight } from '../http/in-flight.js';
import type {} from './auth.guard.js';
import { CREDENTIALS_CHANNEL } from './authenticator.service.js';
import { CredentialsRepository } from './credentials.repository.js';
import type { KeyPrincipal } from './principal.js';

/** Before a look that failed is tried again, in milliseconds. */
const RETRY = 1000;

/** Watches over running requests. */
@Injectable()
export class Revocations implements OnModuleDestroy {
  private readonly logger = new Logger(Revocations.name);
  private inFlight: InFlight | undefined;
  private retry: NodeJS.Timeout | undefined;
  private readonly stopListening: (() => void)[];

  constructor(
    private readonly repository: CredentialsRepository,
    notifications: Notifications,
  ) {
    this.stopListening = [
      notifications.on(CREDENTIALS_CHANNEL, (id) => {
        void this.check(({ keyId, tenantId }) => keyId === id || tenantId === id);
      }),
      // Whatever happened while nothing was heard.
      notifications.onReset(() => void this.check(() => notifications.isListening)),
    ];
  }

  /** Watches over the requests of a server. */
  watch(inFlight: InFlight): void {
    this.inFlight = inFlight;
  }

  onModuleDestroy(): void {
    clearTimeout(this.retry);
    for (const stop of this.stopListening) stop();
  }

  /** Looks whether the keys of running requests still work, of those that `isAffected`, and ends the others. */
  private async check(isAffected: (key: KeyPrincipal) => boolean): Promise<void> {
    const running = [...(this.inFlight?.requests() ?? [])].flatMap(({ principal }) =>
      principal?.kind === 'key' && isAffected(principal) ? [principal.keyId] : [],
    );
    if (running.length === 0) return;
    try {
      const keys = [...new Set(running)];
      const usable = await this.repository.usableAmong(keys);
      const ended = new Set(keys.filter((id) => !usable.has(id)));
      this.inFlight?.stop(
        ({ principal }) => principal?.kind === 'key' && ended.has(principal.keyId),
        () => new ApiError('key_revoked'),
      );
    } catch (error) {
      this.logger.warn(`running requests are checked again: ${(error as Error).message}`);
      clearTimeout(this.retry);
      this.retry = setTimeout(() => void this.check(() => true), RETRY).unref();
    }
  }
}
