// What the sandbox can be told at its start, and what holds when it is told nothing.
import type { AnsweringModel, FetchPicture } from './answering/answering-model.js';
import { wallClock, type Clock } from './clock.js';
import type { WaitStatus } from './faults/fault.js';

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
  /** Milliseconds in `processing`, at least, where no fault says otherwise; 0 by default. */
  readonly run?: number;
  /** Milliseconds after its end at which a prediction loses its data; an hour by default. */
  readonly retention?: number;
  /** The time, epoch milliseconds; moving it on makes data age. Waits and deadlines stay real. */
  readonly clock?: Clock;
  /** How many ended predictions, bill entries and logged requests are kept; 10,000 by default. */
  readonly heldPredictions?: number;
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
  };
}
