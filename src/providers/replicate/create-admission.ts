// Whether and when a create goes out: a place of its model, the model's breaker, this node's share of Replicate's
// rate, and retries within a budget. What a create is, it does not know.
import { LRUCache } from 'lru-cache';
import { ModelPlaces } from './create-admission-places.js';
import { CreateGovernor } from './create-governor.js';
import { withRetries } from './create-retries.js';
import type { Life } from './life.js';
import { ModelBreaker } from './model-breaker.js';
import { RetryBudget } from './retry-budget.js';
import { UpstreamFault } from './upstream-fault.js';

/** Models whose breakers are remembered: callers choose the names, so that there must be an end to them. */
const MAX_BREAKERS = 1000;

/** Shortest pause after a 429, and the one after a 429 that asks for no time, in milliseconds. */
const MIN_PAUSE = 500;

/** Limits of one node. */
export interface AdmissionOptions {
  /** Creates a minute that are sent to Replicate, repeated ones included. */
  readonly createsPerMinute: number;
  /** Predictions of one model that are waited for at the same time. */
  readonly modelConcurrency: number;
  /** Told of each model whose creates begin to be held back. */
  readonly onBreakerOpened?: () => void;
}

/** Gives a place back; calls after the first do nothing. */
export type Release = () => void;

/** Lets creates go out to Replicate. */
export class CreateAdmission {
  private readonly places: ModelPlaces;
  private readonly governor: CreateGovernor;
  private readonly budget = new RetryBudget();
  private readonly breakers = new LRUCache<string, ModelBreaker>({ max: MAX_BREAKERS });

  constructor(private readonly options: AdmissionOptions) {
    this.places = new ModelPlaces(options.modelConcurrency);
    this.governor = new CreateGovernor(options.createsPerMinute);
  }

  /**
   * Takes a place of the model's, to be kept until the prediction is over.
   *
   * @throws {ApiError} `model_overloaded` when the model's places on this node are taken
   */
  enter(model: string): Release {
    return this.places.enter(model);
  }

  /**
   * Sends a create when it is its turn. A life that ends stops it only while it waits: what is sent is heard out.
   *
   * @param send sends it once; called again only when the one before was provably not accepted, or was refused for a
   *   token that has been replaced
   * @throws {UpstreamFault} the last one
   * @throws {ApiError} `model_overloaded` while the model's creates keep failing; `upstream_rate_limited` when its
   *   turn would come after the life's deadline; the life's ending
   */
  create<Value>(model: string, life: Life, send: () => Promise<Value>): Promise<Value> {
    const breaker = this.breakerOf(model);
    let isFirst = true;
    const sendCounted = async (): Promise<Value> => {
      if (isFirst) this.budget.deposit();
      isFirst = false;
      return send();
    };
    const attempt = (): Promise<Value> => this.attempt(breaker, life, sendCounted);
    let isRenewed = false;
    // Under another token it is sent once more, as a create like any other: in its turn.
    const renewed = (fault: unknown): Promise<Value> => {
      if (isRenewed || !(fault instanceof UpstreamFault) || !fault.tokenReplaced) throw fault;
      isRenewed = true;
      return attempt();
    };
    return withRetries(() => attempt().catch(renewed), life, this.budget);
  }

  /** Lets no create of this node go out for so long, in milliseconds. */
  pause(ms: number): void {
    this.governor.pause(ms);
  }

  /** How many models there are whose creates are held back. */
  get breakersOpen(): number {
    let open = 0;
    for (const breaker of this.breakers.values()) if (breaker.isHoldingBack) open += 1;
    return open;
  }

  private async attempt<Value>(
    breaker: ModelBreaker,
    life: Life,
    send: () => Promise<Value>,
  ): Promise<Value> {
    breaker.check();
    await this.governor.take(life);
    let used = false;
    try {
      return await breaker.run(() => {
        used = true;
        return send();
      });
    } catch (fault) {
      if (fault instanceof UpstreamFault && fault.status === 429)
        this.pause(Math.max(MIN_PAUSE, fault.retryAfterMs ?? 0));
      if (!used || (fault instanceof UpstreamFault && fault.kind === 'aborted')) this.governor.giveBack();
      throw fault;
    }
  }

  private breakerOf(model: string): ModelBreaker {
    const known = this.breakers.get(model);
    if (known) return known;
    const breaker = new ModelBreaker(model, this.options.onBreakerOpened);
    this.breakers.set(model, breaker);
    return breaker;
  }
}
