// Counts requests that are being answered and tells each when its caller has gone, so that a shutdown can
// wait for them and nobody works for a closed connection.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../errors/api-error.js';

/** Told of every request that is over, however it ended. */
export type SettledListener = (request: FastifyRequest, reply: FastifyReply) => void;

/** The requests that a server is answering. */
export class InFlight {
  private readonly running = new Map<FastifyRequest, AbortController | undefined>();
  private leaving = false;
  private draining = false;
  /** Whether the drain's limit is over: who comes now with a body that took its time is stopped at once. */
  private drained = false;
  private onEmpty: (() => void) | undefined;

  /** Follows the requests of `fastify`, and tells `onSettled` of each when it is over. */
  watch(fastify: FastifyInstance, onSettled: SettledListener): void {
    fastify.addHook('onRequest', (request, reply, done) => {
      this.running.set(request, undefined);
      // 'close' comes after an answer as well as instead of one; Fastify's own onResponse misses hang-ups.
      reply.raw.on('close', () => {
        this.settle(request, reply);
        onSettled(request, reply);
      });
      // Served, but on this connection for the last time.
      if (this.leaving) void reply.header('connection', 'close');
      // A connection that was kept alive can still bring a request; its caller finds another node for it.
      done(this.draining ? new ApiError('shutting_down', { headers: { connection: 'close' } }) : undefined);
    });
  }

  /** How many requests are being answered. */
  get count(): number {
    return this.running.size;
  }

  /** A signal that is aborted when the caller hangs up or a shutdown stops waiting; its reason is an ApiError. */
  signalOf(request: FastifyRequest): AbortSignal {
    const controller = this.running.get(request) ?? new AbortController();
    if (!this.running.has(request)) controller.abort(new ApiError('client_closed_request'));
    else if (this.drained) controller.abort(new ApiError('shutting_down'));
    else this.running.set(request, controller);
    return controller.signal;
  }

  /** Whether a stop has been announced: this node is ready for nobody new, though it still serves who comes. */
  get isLeaving(): boolean {
    return this.leaving;
  }

  /** Announces a stop. Who comes from now on is served, and told to come on another connection the next time. */
  leave(): void {
    this.leaving = true;
  }

  /** The requests that are being answered. */
  requests(): Iterable<FastifyRequest> {
    return this.running.keys();
  }

  /** Tells the matching requests to stop, with an error each. */
  stop(matches: (request: FastifyRequest) => boolean, reason: () => ApiError): void {
    for (const [request, controller = new AbortController()] of this.running) {
      if (!matches(request)) continue;
      // Also where nobody has asked for its signal yet: whoever does finds it aborted.
      this.running.set(request, controller);
      controller.abort(reason());
    }
  }

  /**
   * Waits for running requests, at most `limitMs`; those that are left then are told to stop.
   *
   * @returns how many had to be stopped
   */
  async drain(limitMs: number): Promise<number> {
    this.draining = true;
    await this.whenEmpty(limitMs);
    this.drained = true;
    const stopped = this.count;
    for (const controller of this.running.values()) controller?.abort(new ApiError('shutting_down'));
    // A stopped request still has its error to write; that takes no model and so no long wait.
    if (stopped > 0) await this.whenEmpty(1000);
    return stopped;
  }

  private async whenEmpty(limitMs: number): Promise<void> {
    if (this.count === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      this.onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.onEmpty = undefined;
  }

  private settle(request: FastifyRequest, reply: FastifyReply): void {
    const controller = this.running.get(request);
    this.running.delete(request);
    if (!reply.raw.writableFinished) controller?.abort(new ApiError('client_closed_request'));
    if (this.running.size === 0) this.onEmpty?.();
  }
}
