// The circuit breaker of one model: stops sending creates to a model whose creates keep failing, and probes it.
import { Logger } from '@nestjs/common';
import {
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  handleWhenResult,
  type IBackoff,
  type IBackoffFactory,
  type IHalfOpenAfterBackoffContext,
} from 'cockatiel';
import { ApiError } from '../../errors/api-error.js';
import { FailureWindow } from './model-breaker-window.js';
import { UpstreamFault } from './upstream-fault.js';

/** From opening to the probe, in milliseconds. */
const PROBE_AFTER = 10_000;

/** After a time to probe at which nobody came, a model counts as held back for so long, in milliseconds. */
const UNASKED = 60_000;

/** Told to those who come while the probe is under way, in milliseconds. */
const PROBE_RETRY = 1000;

/** What the end of a create says about the model at Replicate. */
type Verdict = 'works' | 'fails' | 'nothing';

interface Tried<Value> {
  readonly result: PromiseSettledResult<Value>;
  readonly verdict: Verdict;
}

/** A create that ended without telling anything, thrown through cockatiel, which counts no unknown error. */
class Untold<Value> extends Error {
  constructor(readonly result: PromiseSettledResult<Value>) {
    super('a create that tells nothing');
  }
}

/** Opens when half of ten or more creates within 30 s have failed by infrastructure; probes once, after 10 s. */
export class ModelBreaker {
  private readonly logger = new Logger(ModelBreaker.name);
  private readonly policy: CircuitBreakerPolicy;
  private probeAt = 0;
  /** Since it opened, also while it probes. */
  private isOpen = false;
  /** Goes up with every change of state: a create tells nothing about times after its own. */
  private era = 0;

  /** @param onOpened told each time that creates begin to be held back */
  constructor(
    private readonly model: string,
    private readonly onOpened: () => void = () => undefined,
  ) {
    const probes = new ProbeTimes();
    this.policy = circuitBreaker(
      handleWhenResult((tried) => (tried as Tried<unknown>).verdict === 'fails'),
      { breaker: new FailureWindow(), halfOpenAfter: probes },
    );
    this.policy.onBreak(() => this.onOpen(probes.last));
    this.policy.onStateChange(() => (this.era += 1));
    this.policy.onReset(() => {
      this.isOpen = false;
      this.logger.log(`creates of ${model} are accepted again`);
    });
  }

  /**
   * Passes when a create may be tried.
   *
   * @throws {ApiError} `model_overloaded` with the time to the next probe
   */
  check(): void {
    const { state } = this.policy;
    const wait = this.probeAt - Date.now();
    if (state === CircuitState.HalfOpen) throw overloaded(PROBE_RETRY);
    if (state === CircuitState.Open && wait > 0) throw overloaded(wait);
  }

  /** Sends a create and remembers how it ends. Rejects as `send` does, or as {@link check} throws. */
  async run<Value>(send: () => Promise<Value>): Promise<Value> {
    this.check();
    const tried = await this.policy
      .execute(() => this.attempt(send))
      .catch((error: unknown) => {
        if (error instanceof Untold) return error as Untold<Value>;
        throw error;
      });
    if (tried.result.status === 'rejected') throw tried.result.reason as Error;
    return tried.result.value;
  }

  /**
   * Whether creates are held back. It can only close by one that works, and so not where nobody asks any more: then it
   * counts for another minute.
   */
  get isHoldingBack(): boolean {
    const isAsked = this.policy.state === CircuitState.HalfOpen || Date.now() < this.probeAt + UNASKED;
    return this.isOpen && isAsked;
  }

  private async attempt<Value>(send: () => Promise<Value>): Promise<Tried<Value>> {
    const { era } = this;
    const isProbe = this.policy.state === CircuitState.HalfOpen;
    const [result] = await Promise.allSettled([send()]);
    const verdict = judge(result);
    // A probe that tells nothing leaves the circuit open, for the next create to probe at once.
    if (isProbe) return { result, verdict: verdict === 'works' ? 'works' : 'fails' };
    if (verdict === 'nothing' || era !== this.era) throw new Untold(result);
    return { result, verdict };
  }

  private onOpen(probeAfter: number): void {
    if (!this.isOpen) this.onOpened();
    this.isOpen = true;
    this.probeAt = Date.now() + probeAfter;
    if (probeAfter > 0) this.logger.warn(`creates of ${this.model} keep failing: they are held back`);
  }
}

/** When to probe, by what the circuit was opened for. */
class ProbeTimes implements IBackoffFactory<IHalfOpenAfterBackoffContext> {
  /** From the last opening to its probe, in milliseconds. */
  last = PROBE_AFTER;

  next({ result }: IHalfOpenAfterBackoffContext): IBackoff<IHalfOpenAfterBackoffContext> {
    const tried = 'value' in result ? (result.value as Tried<unknown>) : undefined;
    const duration = tried && judge(tried.result) === 'nothing' ? 0 : PROBE_AFTER;
    this.last = duration;
    return { duration, next: (context) => this.next(context) };
  }
}

/** A refusal of what was asked is an answer too, as is any prediction, however it goes on. */
function judge(result: PromiseSettledResult<unknown>): Verdict {
  if (result.status === 'fulfilled') return 'works';
  const fault: unknown = result.reason;
  if (!(fault instanceof UpstreamFault) || fault.kind === 'aborted' || fault.status === 429) return 'nothing';
  // An answer that makes no sense, or is too long, may be one caller's doing.
  if (fault.kind === 'unreadable') return 'nothing';
  return fault.kind === 'refused' && (fault.status ?? 0) < 500 ? 'works' : 'fails';
}

function overloaded(retryAfterMs: number): ApiError {
  return new ApiError('model_overloaded', { retryAfterMs });
}
