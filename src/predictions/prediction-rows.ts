// What the repository reads and writes, row by row.
import type { PredictionState } from '../inference/prediction-record.js';
import type { Price } from '../inference/price.js';
import type { Bill, Outcome } from './outcome.js';

/** A new row. */
export interface Intent {
  readonly id: string;
  readonly tenantId: string;
  readonly keyId: string;
  /** What the key's limits are counted under. */
  readonly accountId: string;
  readonly ownUpstream: boolean;
  /** The most that it can cost, in nano-dollars; undefined where that is not known. */
  readonly heldNanos: bigint | undefined;
  readonly requestId: string;
  readonly fingerprint: Buffer;
  readonly model: string;
  readonly upstream: string;
  readonly version: string | undefined;
  readonly inputDigest: Buffer;
  readonly images: number;
  /** By our own count. */
  readonly promptTokens: number;
  readonly durable: boolean;
  /** From now to the deadline, in milliseconds. */
  readonly timeoutMs: number;
  readonly nodeId: string;
  readonly lease: string;
  readonly price: Price | undefined;
}

/** Why a prediction may not be made, and whose limit or state says so. */
export interface Refusal {
  /** The key or tenant may not be used; no price to hold; a budget's end; too many at the same time. */
  readonly refusal: 'unusable' | 'unpriced' | 'monthly_budget' | 'total_budget' | 'concurrency';
  readonly scope: 'key' | 'tenant';
  /** Whether the end of what runs may make room. */
  readonly mendable: boolean;
}

/** What became known of a prediction that has not ended. */
export interface Progress {
  readonly id: string;
  readonly state: PredictionState;
  readonly upstreamId: string | undefined;
  readonly sentAt: Date | undefined;
  readonly startedAt: Date | undefined;
}

/** The end of a prediction. */
export interface Settlement {
  readonly id: string;
  readonly upstreamId: string | undefined;
  readonly sentAt: Date | undefined;
  readonly outcome: Outcome;
  readonly bill: Bill;
  readonly error: string | undefined;
  /** A verdict that no provider gave counts only while the prediction is still ours. */
  readonly lease: string | undefined;
}

/** A row, as far as somebody who takes it over needs it. */
export interface StoredPrediction {
  readonly id: string;
  readonly tenantId: string;
  readonly state: PredictionState;
  readonly upstreamId: string | null;
  readonly inputDigest: Uint8Array;
  readonly model: string;
  readonly upstream: string;
  readonly durable: boolean;
  readonly ownUpstream: boolean;
  readonly nodeId: string | null;
  readonly lease: string | null;
  /** Whether the node that looks after it is alive. */
  readonly held: boolean;
  readonly price: Price | null;
  /** Milliseconds since the intent was written. */
  readonly ageMs: number;
  /** Milliseconds since it was settled; null when it is not. */
  readonly settledForMs: number | null;
  /** Milliseconds to its deadline, negative when that has passed. */
  readonly remainingMs: number;
}

/** A row that waits for its provider's id. */
export interface Unbound {
  readonly id: string;
  /** Milliseconds since the intent was written. */
  readonly ageMs: number;
  /** Whether the node that sent it is alive, so that its id may yet come on that way. */
  readonly held: boolean;
}
