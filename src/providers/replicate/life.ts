// How long one request to a model may live: until its answer, its caller's leaving, or its deadline.
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../../errors/api-error.js';

/** The life of one request. It ends once, with the ApiError to answer with. */
export class Life {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private readonly deadline: number;

  /**
   * @param caller aborted with an ApiError when nobody waits any more
   * @param limitMs from now to the deadline
   */
  constructor(
    private readonly caller: AbortSignal,
    limitMs: number,
  ) {
    this.deadline = performance.now() + limitMs;
    this.timer = setTimeout(() => this.stop(new ApiError('prediction_timeout')), limitMs);
    if (caller.aborted) this.onCallerGone();
    else caller.addEventListener('abort', this.onCallerGone);
  }

  /** Aborted when this life ends. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Why this life has ended; undefined while it has not. */
  get ending(): ApiError | undefined {
    return this.signal.reason as ApiError | undefined;
  }

  /** Milliseconds to the deadline, never below 0. */
  get remainingMs(): number {
    return Math.max(0, this.deadline - performance.now());
  }

  /** Ends this life, unless it has ended. */
  stop(reason: ApiError): void {
    this.controller.abort(reason);
  }

  /** Waits; rejects with the ending when that comes first. */
  async sleep(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.signal }).catch(() => undefined);
    if (this.ending) throw this.ending;
  }

  /** What `promise` gives, unless this life ends first: then rejects with the ending. */
  race<Value>(promise: Promise<Value>): Promise<Value> {
    const { signal } = this;
    // Whoever comes too late does not hear how it ends, and its failing then is nobody's.
    promise.catch(() => undefined);
    return new Promise((resolve, reject) => {
      const onEnd = (): void => reject(signal.reason as ApiError);
      if (signal.aborted) return onEnd();
      signal.addEventListener('abort', onEnd);
      promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onEnd));
    });
  }

  /** Call it when the request is over: lets go of the caller and the clock. */
  dispose(): void {
    clearTimeout(this.timer);
    this.caller.removeEventListener('abort', this.onCallerGone);
  }

  private readonly onCallerGone = (): void => {
    const { reason } = this.caller as { reason: unknown };
    this.stop(reason instanceof ApiError ? reason : new ApiError('client_closed_request'));
  };
}
