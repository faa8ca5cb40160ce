// What the catalogue says of an error.

/** OpenAI's `error.type`. */
export type ErrorType =
  'invalid_request_error' | 'requests' | 'tokens' | 'insufficient_quota' | 'server_error';

/** One row of the catalogue. */
export interface ErrorSpec {
  /** HTTP status. */
  readonly status: number;
  readonly type: ErrorType;
  /** `error.code` on the wire. */
  readonly code: string | null;
  /** What the caller reads when the place that throws has nothing more exact to say. */
  readonly message: string;
  /**
   * `x-should-retry`, which OpenAI's clients obey over their own rules. Said where those rules would be
   * wrong: they repeat every 5xx, also one after which a prediction may be running and billed.
   */
  readonly retry?: boolean;
}
