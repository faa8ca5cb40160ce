// The `fetch` under the official client: an undici agent with limits, and answers shaped so that the client
// never repeats a request by itself. It repeats thrown errors and 429s at once, without waiting, POSTs too.
import { Agent, type Dispatcher } from 'undici';
import type { Metrics } from '../../telemetry/metrics.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import { type AccessToken, authorized, isReplaced, withToken } from './access-token.js';
import { textsInJson } from './echoes.js';
import { exchange, type ExchangeReply, type ExchangeRequest } from './exchange.js';
import { readReset, refusal } from './problem.js';
import { operationOf } from './upstream-operation.js';
import { UpstreamFault } from './upstream-fault.js';

/** Key of the HTTP status on parsed bodies: Replicate's 201 and 202 differ, and the client drops the status. */
export const HTTP_STATUS = Symbol('HTTP status');

/** Times of an exchange, in milliseconds: to the head of the answer, and to its end. */
interface Times {
  readonly headersTimeoutMs: number;
  readonly timeoutMs: number;
}

/** The longest that a create is held: Replicate's 60 s of `Prefer: wait`, and time for its answer to travel. */
const CREATE_TIMES: Times = { headersTimeoutMs: 75_000, timeoutMs: 75_000 };

/** All other requests are answered from Replicate's records. */
const READ_TIMES: Times = { headersTimeoutMs: 10_000, timeoutMs: 15_000 };

/** A file is stored before it is answered. */
const UPLOAD_TIMES: Times = { headersTimeoutMs: 30_000, timeoutMs: 45_000 };

/** Longest time without a byte of an answer's body, in milliseconds. */
const IDLE_TIMEOUT = 10_000;

/** Largest answer beyond what it repeats of the input, in bytes; the longest model output is far below. */
const MAX_ANSWER = 2 * 1024 ** 2;

/** Largest answer to a read, in bytes: a prediction shows its whole input, and a list shows a hundred of them. */
const MAX_RECORD = 64 * 1024 ** 2;

/** Slowest upload that is waited for, in bytes a millisecond: large bodies are given time of their own. */
const SLOWEST_UPLOAD = 256;

/** How long to wait for a connection. */
const CONNECT_TIMEOUT = 10_000;

/** Shortest age that Replicate takes as `Cancel-After`, in seconds. */
const MIN_CANCEL_AFTER = 5;

/** An answer, and the token that it was asked for with. */
type TokenReply = ExchangeReply & { readonly token: string | undefined };

/** How to reach Replicate. */
export interface TransportOptions {
  /** Of Replicate's API. Nothing is sent to another origin: every request carries the token. */
  readonly baseUrl: string;
  /** Put on every request, in place of what the official client has put there. */
  readonly token: AccessToken;
  /** Age at which Replicate itself is to end a prediction, in case nobody else can, in milliseconds. */
  readonly cancelAfterMs: number;
  readonly telemetry: Telemetry;
  /** Told when an answer to a create says that no more are taken for a while, in milliseconds. */
  readonly onCreatesExhausted?: (resetMs: number) => void;
}

/** Our side of the connection to Replicate. */
export class ReplicateTransport {
  /** One connection carries one request: a held create must not hold up, or take down, another. */
  private readonly agent = new Agent({
    allowH2: false,
    connections: null,
    pipelining: 1,
    connect: { timeout: CONNECT_TIMEOUT },
  });

  private readonly cancelAges = new WeakMap<AbortSignal, number>();
  private readonly origin: string;

  constructor(private readonly options: TransportOptions) {
    this.origin = new URL(options.baseUrl).origin;
  }

  /** The connections, for requests that carry no token. */
  get dispatcher(): Dispatcher {
    return this.agent;
  }

  /** What the client calls. Never rejects, and answers no status that the client would repeat. */
  readonly fetch = async (input: Request | string | URL, init: RequestInit = {}): Promise<Response> => {
    try {
      const url = input instanceof URL ? input : new URL(input instanceof Request ? input.url : input);
      const isCreate = init.method === 'POST' && url.pathname.endsWith('/predictions');
      const reply = isCreate ? await this.sendCreate(url, init) : await this.send(url, init, READ_TIMES);
      if (isAccepted(reply)) return new AcceptedReply(reply) as unknown as Response;
      // A create under another token is another create: whoever lets creates out sends it, in its turn.
      const tokenReplaced = isCreate && (await isReplaced(this.options.token, reply));
      return new FailedReply(this.refusal(reply, init.body, tokenReplaced)) as unknown as Response;
    } catch (error) {
      // Nobody foresaw this, so nobody knows whether the request was sent.
      const fault = error instanceof UpstreamFault ? error : new UpstreamFault('lost', { cause: error });
      return new FailedReply(fault) as unknown as Response;
    }
  };

  /**
   * Posts bytes to a path below the API's base, and reads the JSON that answers.
   *
   * @throws {UpstreamFault}
   */
  async postBytes(
    path: string,
    bytes: Uint8Array,
    { contentType, signal }: { contentType: string; signal: AbortSignal },
  ): Promise<unknown> {
    const headers = { 'content-type': contentType, 'user-agent': 'cerebro' };
    const url = new URL(path, `${this.options.baseUrl.replace(/\/+$/, '')}/`);
    const body = bytes as Uint8Array<ArrayBuffer>;
    const reply = await this.send(url, { method: 'POST', headers, body, signal }, UPLOAD_TIMES);
    if (!isAccepted(reply)) throw this.refusal(reply);
    return new AcceptedReply(reply).json();
  }

  /** Sets the age at which Replicate is to end what creates under a signal start, in milliseconds. */
  cancelAfter(signal: AbortSignal, ms: number): void {
    this.cancelAges.set(signal, ms);
  }

  /** Closes all connections; running requests fail. */
  async close(): Promise<void> {
    await this.agent.destroy();
  }

  /** Closes all connections when the requests on them have been answered. New ones fail. */
  async retire(): Promise<void> {
    await this.agent.close();
  }

  private async sendCreate(url: URL, init: RequestInit): Promise<TokenReply> {
    let sentAt = performance.now();
    const headers = {
      ...(init.headers as Record<string, string>),
      'Cancel-After': this.cancelAge(init.signal),
    };
    const token = this.options.token.current();
    const reply = await this.sendOnce(url, withAuthorization({ ...init, headers }, token), CREATE_TIMES, {
      stopOnlyBeforeSent: true,
      onSent: () => (sentAt = performance.now()),
    });
    this.noteLimit(reply, performance.now() - sentAt);
    return { ...reply, token };
  }

  private send(url: URL, init: RequestInit, times: Times): Promise<TokenReply> {
    return withToken(this.options.token, (token) =>
      this.sendOnce(url, withAuthorization(init, token), times, { stopOnlyBeforeSent: false }),
    );
  }

  private async sendOnce(
    url: URL,
    { method = 'GET', headers, body, signal }: RequestInit,
    { headersTimeoutMs, timeoutMs }: Times,
    more: Pick<ExchangeRequest, 'stopOnlyBeforeSent' | 'onSent'>,
  ): Promise<ExchangeReply> {
    if (url.origin !== this.origin)
      throw new UpstreamFault('unreadable', { message: `Replicate: led to ${url.origin}` });
    const content = typeof body === 'string' || body instanceof Uint8Array ? body : undefined;
    const { metrics, tracing } = this.options.telemetry;
    const traceparent = tracing.traceparent();
    const sending = exchange(this.agent, {
      url,
      method,
      headers: { ...(headers as Record<string, string>), ...(traceparent !== undefined && { traceparent }) },
      headersTimeoutMs,
      idleTimeoutMs: IDLE_TIMEOUT,
      timeoutMs: timeoutMs + (content?.length ?? 0) / SLOWEST_UPLOAD,
      // Escapes may double what is repeated.
      maxBytes: content === undefined ? MAX_RECORD : MAX_ANSWER + 2 * content.length,
      ...more,
      ...(content !== undefined && { body: content }),
      ...(signal && { signal }),
    });
    return measured(metrics, operationOf(method, url.pathname), sending);
  }

  /** Nobody promises that a refusal does not repeat what it refuses. */
  private refusal(
    { token, ...reply }: TokenReply,
    sent?: RequestInit['body'],
    tokenReplaced = false,
  ): UpstreamFault {
    const fit = token ? { ...reply, body: reply.body.replaceAll(token, '…') } : reply;
    return refusal(fit, () => textsInJson(sent), tokenReplaced);
  }

  private cancelAge(signal: AbortSignal | null | undefined): string {
    const ms = (signal && this.cancelAges.get(signal)) ?? this.options.cancelAfterMs;
    return `${Math.max(MIN_CANCEL_AFTER, Math.ceil(ms / 1000))}s`;
  }

  /** A held create's answer is late, and its headers may be as old as the create. */
  private noteLimit({ headers }: ExchangeReply, ageMs: number): void {
    const resetMs = (readReset(headers) ?? 0) - ageMs;
    if (resetMs > 0) this.options.onCreatesExhausted?.(resetMs);
  }
}

/** Counts a request, and how long it takes. */
async function measured(
  { upstreamRequests, upstreamDuration }: Metrics,
  operation: string,
  sending: Promise<ExchangeReply>,
): Promise<ExchangeReply> {
  const startedAt = performance.now();
  let status = 'error';
  try {
    const reply = await sending;
    status = String(reply.status);
    return reply;
  } finally {
    upstreamRequests.inc({ operation, status });
    upstreamDuration.observe({ operation }, (performance.now() - startedAt) / 1000);
  }
}

function withAuthorization(init: RequestInit, token: string | undefined): RequestInit {
  return { ...init, headers: authorized({ ...(init.headers as Record<string, string>) }, token) };
}

function isAccepted({ status }: ExchangeReply): boolean {
  return status >= 200 && status < 300;
}

/** As much of a Response as the client reads of a good one. */
class AcceptedReply {
  readonly ok = true;
  constructor(private readonly reply: ExchangeReply) {}

  get status(): number {
    return this.reply.status;
  }

  json(): Promise<unknown> {
    try {
      const value: unknown = JSON.parse(this.reply.body);
      if (typeof value === 'object' && value !== null)
        Object.assign(value, { [HTTP_STATUS]: this.reply.status });
      return Promise.resolve(value);
    } catch (cause) {
      return Promise.reject(
        new UpstreamFault('unreadable', {
          cause,
          message: 'Replicate: no JSON',
          partialBody: this.reply.body,
        }),
      );
    }
  }
}

/** As much of a Response as the client reads of a bad one; 400 is a status that it never repeats. */
export class FailedReply {
  readonly ok = false;
  readonly status = 400;
  readonly statusText = '';
  constructor(readonly fault: UpstreamFault) {}

  text(): Promise<string> {
    return Promise.resolve('');
  }
}
