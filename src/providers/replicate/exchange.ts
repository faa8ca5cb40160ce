// One HTTP request to Replicate and its whole answer, over undici. Knows whether anything was sent.
import { type Dispatcher, errors } from 'undici';
import { UpstreamFault } from './upstream-fault.js';

/** A request, ready to be sent. */
export interface ExchangeRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array;
  /** From now to the last byte of the answer, in milliseconds. */
  readonly timeoutMs: number;
  /** From the last byte sent to the head of the answer, in milliseconds. */
  readonly headersTimeoutMs: number;
  /** Longest time without a byte of the answer's body, in milliseconds. */
  readonly idleTimeoutMs: number;
  /** Largest answer that is read, in bytes. */
  readonly maxBytes: number;
  /** Stops the request. */
  readonly signal?: AbortSignal;
  /** Called when the first bytes leave us. */
  readonly onSent?: () => void;
  /** A request that may cost money is not cut off once it is sent: its answer holds the id to cancel it by. */
  readonly stopOnlyBeforeSent: boolean;
}

/** An answer, read to its end. */
export interface ExchangeReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Sends a request. Redirects are not followed. Rejects with an {@link UpstreamFault}. */
export function exchange(dispatcher: Dispatcher, request: ExchangeRequest): Promise<ExchangeReply> {
  return new Promise((resolve, reject) => new Exchange(request, resolve, reject).start(dispatcher));
}

class Exchange implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | undefined;
  private sent = false;
  private done = false;
  private status = 0;
  private headers: ExchangeReply['headers'] = {};
  private readonly chunks: Buffer[] = [];
  private size = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly request: ExchangeRequest,
    private readonly resolve: (reply: ExchangeReply) => void,
    private readonly reject: (fault: UpstreamFault) => void,
  ) {}

  start(dispatcher: Dispatcher): void {
    const { url, method, headers, body, signal, timeoutMs, headersTimeoutMs, idleTimeoutMs } = this.request;
    if (signal?.aborted) return this.fail(new UpstreamFault('aborted'));
    signal?.addEventListener('abort', this.onAbort);
    this.timer = setTimeout(this.onTimeout, timeoutMs);
    dispatcher.dispatch(
      {
        origin: url.origin,
        path: url.pathname + url.search,
        method,
        headers,
        body: body ?? null,
        headersTimeout: headersTimeoutMs,
        bodyTimeout: idleTimeoutMs,
      },
      this,
    );
  }

  /** undici calls this as it begins to write the request to a connected socket. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.done) return controller.abort(new UpstreamFault('aborted'));
    this.sent = true;
    this.request.onSent?.();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: ExchangeReply['headers'],
  ): void {
    this.status = status;
    this.headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.size += chunk.length;
    if (this.size > this.request.maxBytes) {
      return this.stop(
        new UpstreamFault('unreadable', { message: 'Replicate: too long', ...this.partialBody() }),
      );
    }
    this.chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.settle(() => this.resolve({ status: this.status, headers: this.headers, body: this.text() }));
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    const message = `Replicate: ${cause.message}`;
    const isLate = cause instanceof errors.HeadersTimeoutError || cause instanceof errors.BodyTimeoutError;
    const kind = !this.sent ? 'not_sent' : isLate ? 'timed_out' : 'lost';
    this.fail(new UpstreamFault(kind, { cause, message, ...this.partialBody() }));
  }

  private readonly onTimeout = (): void => {
    this.stop(new UpstreamFault(this.sent ? 'timed_out' : 'not_sent', this.partialBody()));
  };

  private readonly onAbort = (): void => {
    if (this.sent && this.request.stopOnlyBeforeSent) return;
    this.stop(new UpstreamFault('aborted'));
  };

  private text(): string {
    return Buffer.concat(this.chunks).toString('utf8');
  }

  private partialBody(): { partialBody?: string } {
    return this.size > 0 && this.status < 300 ? { partialBody: this.text() } : {};
  }

  private stop(fault: UpstreamFault): void {
    this.fail(fault);
    this.controller?.abort(fault);
  }

  private fail(fault: UpstreamFault): void {
    this.settle(() => this.reject(fault));
  }

  private settle(act: () => void): void {
    if (this.done) return;
    this.done = true;
    clearTimeout(this.timer);
    this.request.signal?.removeEventListener('abort', this.onAbort);
    act();
  }
}
