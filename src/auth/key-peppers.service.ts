// Moves keys to the pepper of today, as they are used: only who brings a key can hash it.
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { CredentialsRepository, type FoundCredential, type Rehash } from './credentials.repository.js';
import { KeyHasher } from './key-hasher.js';

/**
 * Between two writes, in milliseconds; each is one statement. Nodes that do not agree which pepper is the newer one, as
 * during a deployment, take turns no faster than this.
 */
const INTERVAL = 5000;

/** Stands for the pepper of keys that are older than marks. */
const UNMARKED = 1;

/** How many keys that may be used there are under which pepper. */
export interface PepperCount {
  /** Under `CEREBRO_KEY_PEPPER`. */
  readonly current: number;
  /** Under `CEREBRO_KEY_PEPPER_PREVIOUS`, so far as they have not been used since it is that. */
  readonly previous: number;
  /** Not used since peppers are told apart: under either, or none. */
  readonly unmarked: number;
  /** Under a pepper that is not known here: these do not work. */
  readonly unknown: number;
}

/** Which peppers keys are hashed with. */
@Injectable()
export class KeyPeppers implements OnApplicationShutdown {
  private readonly logger = new Logger(KeyPeppers.name);
  private waiting = new Map<string, Rehash>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly repository: CredentialsRepository,
    private readonly hasher: KeyHasher,
  ) {}

  /** Notes that a key was found, to be hashed anew where that was not done with the pepper of today. */
  note(key: string, { principal: { keyId }, stored }: FoundCredential): void {
    const pepperVersion = this.hasher.version;
    if (stored.pepperVersion === pepperVersion) return;
    this.waiting.set(keyId, { keyId, from: stored.hash, to: { hash: this.hasher.hash(key), pepperVersion } });
    this.timer ??= setTimeout(() => void this.flush(), INTERVAL).unref();
  }

  /** Writes what was noted. Never rejects: a key that was missed is noted again at its next use. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const keys = [...this.waiting.values()];
    if (keys.length === 0) return;
    this.waiting = new Map();
    await this.repository
      .rehash(keys)
      .catch((error: unknown) => this.logger.debug(`keys are not hashed anew: ${(error as Error).message}`));
  }

  async count(): Promise<PepperCount> {
    const { version, previousVersion } = this.hasher;
    const counts = await this.repository.countByPepper();
    const of = (mark: number | undefined): number => (mark === undefined ? 0 : (counts.get(mark) ?? 0));
    const current = of(version);
    const previous = previousVersion === version ? 0 : of(previousVersion);
    const unmarked = of(UNMARKED);
    const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
    return { current, previous, unmarked, unknown: all - current - previous - unmarked };
  }

  /** Says how many keys do not work because of their pepper: it was mistyped, or differs from other nodes'. */
  async tellOfUnknown(): Promise<void> {
    try {
      const { unknown } = await this.count();
      if (unknown === 0) return;
      this.logger.warn(
        `Of the keys in the database, ${unknown} were hashed with another pepper than CEREBRO_KEY_PEPPER or CEREBRO_KEY_PEPPER_PREVIOUS: they do not work here`,
      );
    } catch (error) {
      this.logger.debug(`peppers of keys are not known: ${(error as Error).message}`);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.flush();
  }
}
