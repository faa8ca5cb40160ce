// The one error class that reaches callers. Anything else that is thrown becomes `internal_error`.
import { catalogue, type ErrorName } from './catalogue.js';
import type { ErrorSpec } from './error-spec.js';

/** What an error says beyond its row of the catalogue. */
export interface ApiErrorDetails {
  /** Shown to the caller instead of the catalogue's text: no secret, no stack, no upstream's body. */
  message?: string;
  /** The request's parameter that is at fault, as a path such as `image_urls[1]`. */
  param?: string;
  /** How long the caller should wait before trying again, in milliseconds: becomes `retry-after`. */
  retryAfterMs?: number;
  /** Further response headers, by lower-case name. */
  headers?: Record<string, string>;
  /** Whether something was billed, so that the same call is not to be made again under its idempotency key. */
  billed?: boolean;
  /** For the log, never for the caller. */
  cause?: unknown;
}

/** An error with an answer: thrown anywhere, written by the error filter in OpenAI's shape. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly spec: ErrorSpec;
  readonly param: string | null;
  readonly retryAfterMs: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly billed: boolean;

  constructor(
    readonly reason: ErrorName,
    details: ApiErrorDetails = {},
  ) {
    const spec: ErrorSpec = catalogue[reason];
    super(
      details.message ?? spec.message,
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.spec = spec;
    this.param = details.param ?? null;
    this.retryAfterMs = details.retryAfterMs;
    this.headers = details.headers ?? {};
    this.billed = details.billed ?? false;
  }

  /** The HTTP status. */
  get status(): number {
    return this.spec.status;
  }
}
