// GET requests to addresses that callers supply. Nothing here knows what is fetched, or why.
import { setTimeout as delay } from 'node:timers/promises';
import { type Agent, type Dispatcher, request } from 'undici';
import { AddressGuard, type GuardOptions } from './address-guard.js';
import { checkHead, redirectTarget } from './answer-head.js';
import { readBody } from './body-reader.js';
import { asEgressError, EgressError } from './egress-error.js';
import { guardedAgent } from './guarded-agent.js';
import { DEFAULT_LIMITS, type EgressLimits } from './limits.js';
import type { Resolver } from './resolver.js';
import { untilAborted } from './until-aborted.js';

/** Compression is declined: a small body must not become a large one. Nothing of ours or the caller's goes along. */
const HEADERS = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'cerebro' };

/** An answer with success, whole. */
export interface GuardedReply {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly bytes: Uint8Array;
  /** Where it came from, after redirects. */
  readonly url: URL;
}

/** How the client is made; all but `privateHosts` is for tests. */
export interface GuardedClientOptions extends GuardOptions {
  readonly resolve?: Resolver;
  readonly limits?: Partial<EgressLimits>;
}

/**
 * A client for addresses that nobody vouches for. Every hop is judged by an {@link AddressGuard}, and connected to
 * only where all that its name resolves to is allowed. Proxy variables of the environment change nothing.
 */
export class GuardedClient {
  private readonly guard: AddressGuard;
  private readonly limits: EgressLimits;
  private readonly agent: Agent;

  /** Throws a RangeError for an entry of `privateHosts` that is neither `host` nor `host:port`. */
  constructor(options: GuardedClientOptions) {
    this.guard = new AddressGuard(options);
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.agent = guardedAgent(this.guard, this.limits, options.resolve);
  }

  /**
   * Fetches an address, over at most three redirects. Rejects with an {@link EgressError}, or with the signal's
   * reason. A failure before an answer takes as long as any other, so that callers cannot tell them apart.
   *
   * @param options.maxBytes the largest body
   * @param options.signal stops the request at once
   */
  async get(address: string, options: { maxBytes: number; signal?: AbortSignal }): Promise<GuardedReply> {
    const { signal } = options;
    const start = performance.now();
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(new EgressError('timed_out')), this.limits.totalMs);
    const life = signal ? AbortSignal.any([signal, deadline.signal]) : deadline.signal;
    try {
      return await untilAborted(life, () => this.follow(address, options.maxBytes, life));
    } catch (error) {
      signal?.throwIfAborted();
      const failure = asEgressError(error, 'unreachable');
      if (failure.looksAlike) await this.waitForFloor(start, signal);
      throw failure;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Closes all connections; running requests fail, as `unreachable` or `cut_off`. */
  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async follow(address: string, maxBytes: number, life: AbortSignal): Promise<GuardedReply> {
    let url = this.guard.check(address);
    for (let redirects = 0; redirects <= this.limits.maxRedirects; redirects++) {
      const response = await request(url, { dispatcher: this.agent, headers: HEADERS, signal: life });
      // Whoever destroys a body makes it emit an error, which a stream without a listener throws.
      response.body.on('error', () => undefined);
      try {
        const target = redirectTarget(response, url);
        if (!target) return await this.read(response, url, maxBytes);
        url = this.guard.check(target);
      } finally {
        response.body.destroy();
      }
    }
    throw new EgressError('refused');
  }

  private async read(response: Dispatcher.ResponseData, url: URL, maxBytes: number): Promise<GuardedReply> {
    checkHead(response, maxBytes);
    const { statusCode: status, headers, body } = response;
    try {
      const bytes = await readBody(body, { ...this.limits, maxBytes });
      return { status, contentType: headers['content-type']?.toString(), bytes, url };
    } catch (error) {
      throw asEgressError(error, 'cut_off');
    }
  }

  private async waitForFloor(start: number, signal: AbortSignal | undefined): Promise<void> {
    const rest = start + this.limits.failureFloorMs - performance.now();
    if (rest <= 0) return;
    try {
      await delay(Math.ceil(rest), undefined, signal && { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  }
}
