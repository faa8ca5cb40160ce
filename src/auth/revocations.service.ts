// Ends requests that run under a key which has ended meanwhile: it was revoked, it has expired, its tenant was suspended
// or deleted.
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { CREDENTIALS_CHANNEL } from '../database/channels.js';
import { Notifications } from '../database/notifications.service.js';
import { ApiError } from '../errors/api-error.js';
import type { InFlight } from '../http/in-flight.js';
import type {} from './auth.guard.js';
import { CredentialsRepository } from './credentials.repository.js';
import type { KeyPrincipal } from './principal.js';

/**
 * Between two looks at all running requests, in milliseconds: usually, as nobody tells when a key expires; and while
 * changes are not heard of, or after a look that failed.
 */
const LOOK = { usually: 5000, soon: 1000 };

/** Watches over running requests. */
@Injectable()
export class Revocations implements OnModuleDestroy {
  private readonly logger = new Logger(Revocations.name);
  private inFlight: InFlight | undefined;
  private timer: NodeJS.Timeout | undefined;
  private hasFailed = false;
  private readonly stopListening: (() => void)[];

  constructor(
    private readonly repository: CredentialsRepository,
    private readonly notifications: Notifications,
  ) {
    this.stopListening = [
      notifications.on(CREDENTIALS_CHANNEL, (id) => {
        void this.check(({ keyId, tenantId }) => keyId === id || tenantId === id);
      }),
      // Whatever happened while nothing was heard.
      notifications.onReset(() => {
        if (notifications.isListening) void this.check(() => true);
        this.schedule();
      }),
    ];
  }

  /** Watches over the requests of a server. */
  watch(inFlight: InFlight): void {
    this.inFlight = inFlight;
    this.schedule();
  }

  onModuleDestroy(): void {
    this.inFlight = undefined;
    clearTimeout(this.timer);
    for (const stop of this.stopListening) stop();
  }

  private schedule(): void {
    clearTimeout(this.timer);
    if (!this.inFlight) return;
    const isCalm = this.notifications.isListening && !this.hasFailed;
    this.timer = setTimeout(() => void this.look(), isCalm ? LOOK.usually : LOOK.soon).unref();
  }

  private async look(): Promise<void> {
    await this.check(() => true);
    this.schedule();
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
      this.hasFailed = false;
    } catch (error) {
      // A database that stays away is told of once, not at each look.
      if (!this.hasFailed)
        this.logger.warn(`running requests are checked again: ${(error as Error).message}`);
      this.hasFailed = true;
      this.schedule();
    }
  }
}
