// Why a guarded request brought nothing back. What a caller is told about it is the business of other rooms.

/**
 * What went wrong. Before an answer: `refused` (the address, or where it leads, is not allowed), `unreachable`
 * (no such name, no connection, no HTTP), `timed_out`; these three must look alike to callers, or the gateway is a
 * port scanner. After the head of an answer: `bad_status`, `too_large`, `encoded` (compressed, though that was
 * declined), `cut_off` (ended before it was complete), and again `timed_out`.
 */
export type EgressReason =
  'refused' | 'unreachable' | 'timed_out' | 'bad_status' | 'too_large' | 'encoded' | 'cut_off';

const UNFETCHED = 'The address could not be fetched.';

const MESSAGES: Readonly<Record<EgressReason, string>> = {
  refused: UNFETCHED,
  unreachable: UNFETCHED,
  timed_out: UNFETCHED,
  bad_status: 'The address answered with an error.',
  too_large: 'The answer is larger than is allowed.',
  encoded: 'The answer is compressed.',
  cut_off: 'The answer ended before it was complete.',
};

/** Codes of undici's errors that mean that time ran out. */
const TIMEOUTS: ReadonlySet<unknown> = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);

/** The failure of a guarded request. Its message holds no address; its cause may, and is for the operator's log. */
export class EgressError extends Error {
  override readonly name = 'EgressError';
  /** The HTTP status of the answer; only with `bad_status`. */
  readonly status?: number;

  constructor(
    readonly reason: EgressReason,
    details: { readonly status?: number; readonly cause?: unknown } = {},
  ) {
    super(MESSAGES[reason], 'cause' in details ? { cause: details.cause } : undefined);
    if (details.status !== undefined) this.status = details.status;
  }

  /** Whether the failure must look like every other one that came before an answer. */
  get looksAlike(): boolean {
    return MESSAGES[this.reason] === UNFETCHED;
  }
}

/** Any error of a request as an {@link EgressError}; `otherwise` is what it means where no time ran out. */
export function asEgressError(error: unknown, otherwise: EgressReason): EgressError {
  if (error instanceof EgressError) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return new EgressError(TIMEOUTS.has(code) ? 'timed_out' : otherwise, { cause: error });
}
