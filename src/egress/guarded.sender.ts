// POST requests to addresses that callers supply. Nothing here knows what is sent, or why.
import { type Agent, request } from 'undici';
import { AddressGuard } from './address-guard.js';
import { asEgressError, EgressError } from './egress-error.js';
import { guardedAgent } from './guarded-agent.js';
import type { GuardedClientOptions } from './guarded.client.js';
import { DEFAULT_LIMITS, type EgressLimits } from './limits.js';
import { secureEndpoint } from './secure-endpoint.js';
import { untilAborted } from './until-aborted.js';

/** The longest that all of a request may take, in milliseconds, and the wait for its answer's head. */
const TOTAL = 10_000;

/** What came back: the head alone. Bodies are not read. */
export interface Receipt {
  readonly status: number;
  /** As it came. */
  readonly retryAfter: string | undefined;
}

/**
 * Sends to addresses that nobody vouches for. An address is judged each time, by {@link secureEndpoint}, and
 * connected to only where all that its name resolves to is allowed. Redirects are answers, and not followed.
 */
export class GuardedSender {
  private readonly guard: AddressGuard;
  private readonly limits: EgressLimits;
  private readonly agent: Agent;

  /** Throws a RangeError for an entry of `privateHosts` that is neither `host` nor `host:port`. */
  constructor(options: GuardedClientOptions) {
    this.guard = new AddressGuard(options);
    this.limits = { ...DEFAULT_LIMITS, totalMs: TOTAL, headersMs: TOTAL, ...options.limits };
    this.agent = guardedAgent(this.guard, this.limits, options.resolve);
  }

  /**
   * Sends a body, once. Rejects with an {@link EgressError} (`refused`, `unreachable`, `timed_out`) where no answer
   * came, which does not mean that nothing has arrived.
   */
  async post(address: string, body: string, headers: Readonly<Record<string, string>>): Promise<Receipt> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(new EgressError('timed_out')), this.limits.totalMs);
    try {
      const url = secureEndpoint(this.guard, address);
      return await untilAborted(deadline.signal, () => this.send(url, { body, headers }, deadline.signal));
    } catch (error) {
      throw asEgressError(error, 'unreachable');
    } finally {
      clearTimeout(timer);
    }
  }

  /** Closes all connections; running requests fail, as `unreachable`. */
  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async send(
    url: URL,
    sent: { body: string; headers: Readonly<Record<string, string>> },
    signal: AbortSignal,
  ): Promise<Receipt> {
    const answer = await request(url, {
      ...sent,
      method: 'POST',
      dispatcher: this.agent,
      signal,
      // A connection of its own: one that was kept may be dead, and nothing is sent a second time from here.
      reset: true,
    });
    // Whoever destroys a body makes it emit an error, which a stream without a listener throws.
    answer.body.on('error', () => undefined).destroy();
    return { status: answer.statusCode, retryAfter: answer.headers['retry-after']?.toString() };
  }
}
