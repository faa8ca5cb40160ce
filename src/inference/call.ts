// Who asks, and what is known of the request beside its question.
import type { CallNotes } from './call-notes.js';
import type { TokenCounts } from './token-counts.js';

/** What becomes of parameters that cannot be honoured: an error, or they are left out and listed in a header. */
export const UNSUPPORTED_PARAMS = ['refuse', 'drop'] as const;
export type UnsupportedParams = (typeof UNSUPPORTED_PARAMS)[number];

/** One call of a tenant's. */
export interface Call {
  readonly tenantId: string;
  readonly keyId: string;
  /** What the key's own limits and budgets are counted under. */
  readonly accountId: string;
  /** The models that the key may ask, as entries of `CEREBRO_MODELS` are written; empty: all. */
  readonly models: readonly string[];
  /** `x-request-id`. */
  readonly requestId: string;
  /** SHA-256 of what was asked, and where: the same for a repetition of the call. */
  readonly fingerprint: Buffer;
  /** Which repetition of the client's own this is, as OpenAI's clients count them; undefined where none counts. */
  readonly retry: number | undefined;
  /** The caller will come back for the answer under its `Idempotency-Key`, so it is worth finishing alone. */
  readonly durable: boolean;
  /** An earlier call with this fingerprint may have a prediction already, which is then joined. */
  readonly mayJoin: boolean;
  /** It may do nothing but join: the call that it repeats is still running, and is the one to ask. */
  readonly onlyJoins: boolean;
  /** What the caller's key says of parameters that a model lacks; undefined: what holds for this gateway. */
  readonly unsupportedParams: UnsupportedParams | undefined;
  /** For how many days its texts are kept, where its tenant asks for that; undefined: they are not. */
  readonly retainContentDays: number | undefined;
  /** When the request came in, by `performance.now()`. */
  readonly arrivedAt: number;
  /** Told once what an answered call has used, for limits that were held against an estimate. */
  readonly onUsage?: ((usage: TokenCounts) => void) | undefined;
  /** Written on the way, and read when the request is over. */
  readonly notes: CallNotes;
  /** Aborted with an ApiError when the caller has gone. */
  readonly signal: AbortSignal;
}
