// What can go wrong between us and Replicate, told apart by the one thing that matters: was it accepted?

/**
 * - `not_sent`: no byte of the request left us.
 * - `lost`: the connection broke after the request had begun to be sent.
 * - `timed_out`: sent, and no whole answer in time.
 * - `refused`: answered with a status that is not 2xx.
 * - `unreadable`: answered with something that is no answer, or far too long.
 * - `aborted`: we gave up before it was sent, or on a read.
 */
export type FaultKind = 'not_sent' | 'lost' | 'timed_out' | 'refused' | 'unreadable' | 'aborted';

/** Replicate's problem body, as far as it can be trusted. */
export interface Problem {
  readonly title?: string;
  readonly detail?: string;
  /** Input fields that Replicate refused, such as `input.max_new_tokens`. */
  readonly invalidFields: readonly string[];
}

/** A failed exchange with Replicate. Its message is for logs, never for callers. */
export class UpstreamFault extends Error {
  override readonly name = 'UpstreamFault';
  /** HTTP status, for `refused`. */
  readonly status: number | undefined;
  /** Present where the answer was Replicate's own, and not some proxy's page. */
  readonly problem: Problem | undefined;
  /** How long Replicate asks us to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** What had arrived of an accepted answer that broke off: it may name what was started. */
  readonly partialBody: string | undefined;
  /** Whether Replicate itself refused the token, and there is another by now: sent again, it may be accepted. */
  readonly tokenReplaced: boolean;

  constructor(
    readonly kind: FaultKind,
    details: {
      status?: number;
      problem?: Problem;
      retryAfterMs?: number;
      partialBody?: string;
      tokenReplaced?: boolean;
      cause?: unknown;
      message?: string;
    } = {},
  ) {
    super(
      details.message ?? `Replicate: ${kind}${details.status === undefined ? '' : ` with ${details.status}`}`,
      {
        cause: details.cause,
      },
    );
    this.status = details.status;
    this.problem = details.problem;
    this.retryAfterMs = details.retryAfterMs;
    this.partialBody = details.partialBody;
    this.tokenReplaced = details.tokenReplaced ?? false;
  }

  /**
   * Whether it is certain that Replicate did not accept the request: nothing left us, or Replicate itself
   * said that it takes none (429; 503 in its own words, since a proxy's 503 may follow an accepted request).
   */
  get provablyNotAccepted(): boolean {
    if (this.kind === 'not_sent') return true;
    return (
      this.kind === 'refused' && (this.status === 429 || (this.status === 503 && this.problem !== undefined))
    );
  }
}
