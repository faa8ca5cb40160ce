// The faults that a test or an operator may script, as types. What they do is written where it happens.
// A paced answer of n pieces is `{ run: n * ms, output: pieces }` of an iterator model; with `fail` it breaks off
// after them.
import type { ThrottleText } from '../problem.js';
import type { StreamFault } from './stream-fault.js';
import type { WebhookFault } from './webhook-fault.js';

/** What a create must be like for a fault to apply to it; every part given must hold. */
export interface FaultMatch {
  /** `owner/name` of the model. */
  readonly model?: string;
  /** A text that occurs in one of the input's strings. */
  readonly inputIncludes?: string;
}

/** Which creates a fault applies to. */
export interface FaultScope {
  /** Without it the fault applies to the next create, whatever that is. */
  readonly match?: FaultMatch;
  /** How many creates it applies to; 1 when not given. */
  readonly times?: number;
}

/** The create is answered with an error: not accepted, not billed. */
export interface StatusFault {
  readonly status: 400 | 401 | 402 | 404 | 422 | 429 | 500 | 502 | 503 | 504;
  /** Seconds, for 429; 1 when not given. */
  readonly retryAfter?: number;
  /** Where a 429 says them besides its text; `['header', 'body']` when not given. */
  readonly retryAfterIn?: readonly ('header' | 'body')[];
  /** The wording of a 429; `resets` when not given. */
  readonly text?: ThrottleText;
  /** HTML instead of JSON. 502, 503 and 504 are HTML anyway, unless this is false. */
  readonly html?: boolean;
  /** A body instead of the usual one; a string is sent as it is. */
  readonly body?: unknown;
}

/** The connection is reset before the create is read: not accepted, not billed. */
export interface ResetBeforeReadFault {
  readonly resetBeforeRead: true;
}

/** The create is answered 307 with this `Location`: not accepted, not billed. */
export interface RedirectFault {
  readonly redirect: string;
}

/** How the prediction of an accepted and billed create goes. All of it combines. */
export interface CourseFault {
  /** Milliseconds in `starting`: a cold boot. */
  readonly boot?: number;
  /**
   * Milliseconds in `processing`, at least. An iterator model's list grows evenly over all of it, beginning when
   * the model has its answer.
   */
  readonly run?: number;
  /**
   * Ends `failed` with this error, after the boot and the run, in which a scripted list still grows: `output` is
   * then what was said before the failure.
   */
  readonly fail?: string;
  /** Ends `aborted` after the boot, never started. */
  readonly abort?: true;
  /** Stays `starting` until it is canceled or its deadline comes. */
  readonly hang?: true;
  /** What `logs` shows once it runs; nothing when not given. */
  readonly logs?: string;
  /**
   * Replaces the answer: a list stands for an iterator's pieces, of any number, and no token limit cuts it. The
   * model does not run then, and no picture is fetched.
   */
  readonly output?: unknown;
  /**
   * Added to the metrics of a finished prediction, such as `input_token_count`; a `predict_time` is billed.
   */
  readonly metrics?: Readonly<Record<string, number>>;
  /** Overrides `SandboxOptions.waitStatus`. */
  readonly waitStatus?: WaitStatus;
  /** What reads of this prediction meet first. */
  readonly onGet?: RequestFault;
  /** What cancels of this prediction meet first. */
  readonly onCancel?: RequestFault | IgnoredCancel;
  /** What readers of this prediction's stream meet first. */
  readonly onStream?: (StatusFault & { readonly times?: number }) | StreamFault;
  /** What goes wrong with this prediction's webhooks. */
  readonly webhook?: WebhookFault;
  /** Milliseconds after its creation in which the list does not have it. */
  readonly unlisted?: number;
}

/**
 * The status that a held, finished and successful create shows: Replicate has been recorded to say
 * `processing`.
 */
export type WaitStatus = 'processing' | 'succeeded';

/** Damage to an answer about a prediction, which itself is sound. The first that is set is done. */
export interface Damage {
  /** The connection is reset at once. */
  readonly reset?: true;
  /** The connection stays open and nothing comes. */
  readonly headersNever?: true;
  /** Half the JSON, then the connection is reset. */
  readonly cutBody?: true;
  /** Half the JSON, as a complete HTTP answer. */
  readonly truncatedJson?: true;
  /** A body that is not JSON, under a JSON content type. */
  readonly invalidJson?: true;
  /** The headers at once, the body bit by bit over this many milliseconds. */
  readonly bodySlow?: number;
  /** `logs` of this many characters. */
  readonly hugeBody?: number;
  /** A prediction without an `id`. */
  readonly missingId?: true;
}

/** A create that is accepted: how its prediction goes, and how the answer to the create is damaged. */
export interface AcceptedFault extends CourseFault, Omit<Damage, 'reset'> {
  /** The connection is reset as soon as the prediction exists. */
  readonly resetAfterAccept?: true;
  /** The answer shows the prediction under the id of the one before it. */
  readonly duplicateId?: true;
}

/**
 * What a later request about one prediction meets instead of its answer, `times` times (1 when not given).
 */
export type RequestFault = (StatusFault | Damage) & { readonly times?: number };

/** A cancel that is answered 200 and does nothing, so that the prediction may still succeed. */
export interface IgnoredCancel {
  readonly ignore: true;
  readonly times?: number;
}

/** Everything that can be scripted for a create. */
export type Fault = FaultScope & (StatusFault | ResetBeforeReadFault | RedirectFault | AcceptedFault);

/** Whether a create that meets this fault is accepted, and so billed. */
export function isAccepted(fault: Fault): fault is FaultScope & AcceptedFault {
  return !('status' in fault || 'resetBeforeRead' in fault || 'redirect' in fault);
}
