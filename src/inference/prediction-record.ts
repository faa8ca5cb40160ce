// The life of a prediction as Cerebro keeps account of it: its states, and the record that is told of them.
import type { ErrorName } from '../errors/catalogue.js';
import type { TokenCounts } from './token-counts.js';

/** States of a prediction at its provider, the last four of which are ends. */
export type UpstreamState = 'starting' | 'processing' | 'succeeded' | 'failed' | 'canceled' | 'aborted';

/**
 * States of a prediction with us.
 *
 * - `intent`: written down, and perhaps not yet sent.
 * - `sent`: on its way; the provider may have accepted it.
 * - `starting`, `processing`: accepted; waiting for a machine, and running.
 * - `succeeded`, `failed`, `canceled`, `aborted`: ended at the provider, or (`failed`, `canceled`, without a
 *   provider's id) never accepted there.
 * - `unknown`: sent, and never found again.
 * - `expired`: accepted, and the provider forgot it before we learnt how it ended.
 */
export type PredictionState = 'intent' | 'sent' | UpstreamState | 'unknown' | 'expired';

/** Where a state may lead. A state without successors is an end. */
const SUCCESSORS: Readonly<Record<PredictionState, readonly PredictionState[]>> = {
  intent: ['sent', 'starting', 'processing', 'succeeded', 'failed', 'canceled', 'aborted', 'unknown'],
  sent: ['starting', 'processing', 'succeeded', 'failed', 'canceled', 'aborted', 'unknown'],
  starting: ['processing', 'succeeded', 'failed', 'canceled', 'aborted', 'expired'],
  processing: ['succeeded', 'failed', 'canceled', 'aborted', 'expired'],
  succeeded: [],
  failed: [],
  canceled: [],
  aborted: [],
  unknown: [],
  expired: [],
};

/** Whether a prediction may go from one state to another. Reports that come late or twice may not. */
export function mayFollow(from: PredictionState, to: PredictionState): boolean {
  return SUCCESSORS[from].includes(to);
}

/** Whether nothing follows. */
export function isEnd(state: PredictionState): boolean {
  return SUCCESSORS[state].length === 0;
}

/** What a provider says about one prediction. */
export interface PredictionReport {
  readonly upstreamId: string;
  readonly state: UpstreamState;
  /** By the provider's clock, as the next one. */
  readonly startedAt?: Date;
  readonly completedAt?: Date;
  /** Time that is billed, in microseconds; only of what has ended. */
  readonly runTimeUs?: number;
  /** As the provider counts them. */
  readonly tokens?: TokenCounts;
  /** Tokens of the answer by our own count, where the provider does not count. */
  readonly countedCompletion?: number;
}

/** The record of one create. It is told what happens, writes it down, and lets each end count once. */
export interface PredictionRecord {
  /** `prd_…`. */
  readonly id: string;
  /** The provider's id, once it is known. */
  readonly upstreamId: string | undefined;
  /** Whether its end is known, on whatever way it came. */
  readonly hasEnded: boolean;

  /** The first byte of the create has left us. */
  sent(): void;

  /**
   * The provider said something about it, on whatever way. Binds the provider's id at the first time, and
   * settles at an end; what is older than what is known is ignored.
   *
   * @returns false when the report is about another prediction: its id is not this record's
   */
  reported(report: PredictionReport): boolean;

  /** It is certain that the provider did not accept it: settled, for nothing. */
  refused(error: ErrorName): void;

  /**
   * Calls `listener` when something was reported, perhaps on another way: it is time to look.
   *
   * @returns a function that ends that
   */
  onNews(listener: () => void): () => void;
}
