// Notes when each key was last used, without a write for each request.
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { CredentialsRepository } from './credentials.repository.js';

/** Between two writes, in milliseconds; each is one statement. */
const INTERVAL = 30_000;

/** The last uses of keys. What a crash loses is not missed. */
@Injectable()
export class KeyUses implements OnApplicationShutdown {
  private readonly logger = new Logger(KeyUses.name);
  /** When each key was last used since the last write, by `Date.now()`. */
  private uses = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly repository: CredentialsRepository) {}

  /** Notes that a key is used now. */
  note(keyId: string): void {
    this.uses.set(keyId, Date.now());
    this.timer ??= setTimeout(() => void this.flush(), INTERVAL).unref();
  }

  /** Writes what was noted. Never rejects. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { uses } = this;
    if (uses.size === 0) return;
    this.uses = new Map();
    const dates = new Map([...uses].map(([id, at]) => [id, new Date(at)]));
    await this.repository
      .noteUses(dates)
      .catch((error: unknown) => this.logger.debug(`last uses are not noted: ${(error as Error).message}`));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.flush();
  }
}
