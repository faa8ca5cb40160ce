// What the sandbox can be told at its start, and what holds when it is told nothing.
import { randomBytes } from 'node:crypto';
import type { AnsweringModel, FetchPicture } from './answering/answering-model.js';
import { wallClock, type Clock } from './clock.js';
import type { WaitStatus } from './faults/fault.js';
import { newWebhookSecret } from './webhooks/signature.js';

/** How to start the sandbox; everything has a default. */
export interface SandboxOptions {
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** The token that is accepted; any that is not empty by default. */
  readonly token?: string;
  /** What answers; by default a model that reads the pictures, and whose libraries are then loaded. */
  readonly model?: AnsweringModel;
  /** How pictures are fetched; a real GET by default. */
  readonly fetchPicture?: FetchPicture;
  /** The longest that an answer is held, in milliseconds, whatever `Prefer` asks for. */
  readonly maxHold?: number;
  /** What a create that was waited for shows when it has succeeded; `processing` by default, as recorded. */
  readonly waitStatus?: WaitStatus;
  /** Milliseconds in `starting` where no fault says otherwise; 0 by default. */
  readonly boot?: number;
  /**
   * Milliseconds in `processing`, at least, where no fault says otherwise; 0 by default. An iterator model's answer
   * comes out evenly over all of it.
   */
  readonly run?: number;
  /** Milliseconds after its end at which a prediction loses its data; an hour by default. */
  readonly retention?: number;
  /** The time, epoch milliseconds; moving it on makes data age. Waits and deadlines stay real. */
  readonly clock?: Clock;
  /** How many ended predictions, bill entries, logged requests and deliveries are kept; 10,000 by default. */
  readonly heldPredictions?: number;
  /**
   * Which predictions have `urls.stream`: all by default, as recorded; those of iterator models alone; none.
   */
  readonly streams?: boolean | 'iterators';
  /** Milliseconds without an event after which a stream is ended; 30,000 by default. */
  readonly streamIdle?: number;
  /** The `whsec_…` that webhooks are signed with; a new one at each start by default. */
  readonly webhookSecret?: string;
  /** Milliseconds before each further attempt at the last webhook of a prediction; about a minute in all. */
  readonly webhookRetryDelays?: readonly number[];
  /** Milliseconds between two `output` webhooks of a prediction, at least; 500 by default. */
  readonly webhookInterval?: number;
  /** Signs the addresses of files' bytes. Replicate hands out none either; a new one at each start. */
  readonly filesSecret?: string;
}

/** The options that have a plain default, filled in. */
export type SandboxSettings = Required<Omit<SandboxOptions, 'token' | 'model' | 'fetchPicture'>> & {
  readonly token: string | undefined;
};

/** Fills in the defaults. */
export function settingsOf(options: SandboxOptions): SandboxSettings {
  return {
    port: options.port ?? 0,
    token: options.token,
    maxHold: options.maxHold ?? 60_000,
    waitStatus: options.waitStatus ?? 'processing',
    boot: options.boot ?? 0,
    run: options.run ?? 0,
    retention: options.retention ?? 3_600_000,
    clock: options.clock ?? wallClock,
    heldPredictions: options.heldPredictions ?? 10_000,
    streams: options.streams ?? true,
    streamIdle: options.streamIdle ?? 30_000,
    webhookSecret: options.webhookSecret ?? newWebhookSecret(),
    webhookRetryDelays: options.webhookRetryDelays ?? [1_000, 2_000, 4_000, 8_000, 16_000, 30_000],
    webhookInterval: options.webhookInterval ?? 500,
    filesSecret: options.filesSecret ?? randomBytes(24).toString('base64'),
  };
}
