// The `fetch` under the official client: an undici agent with limits, and answers shaped so that the client
// never repeats a request by itself. It repeats thrown errors and 429s at once, without waiting, POSTs too.
import { Agent } from 'undici';
import { exchange, type ExchangeReply } from './exchange.js';
import { refusal } from './problem.js';
import { UpstreamFault } from './upstream-fault.js';

/** Key of the HTTP status on parsed bodies: Replicate's 201 and 202 differ, and the client drops the status. */
export const HTTP_STATUS = Symbol('HTTP status');

/** The longest that a create is held: Replicate's 60 s of `Prefer: wait`, and time for its answer to travel. */
const CREATE_TIMEOUT = 75_000;

/** All other requests are answered from Replicate's records. */
const READ_TIMEOUT = 15_000;

/** How long to wait for a connection. */
const CONNECT_TIMEOUT = 10_000;

/** Our side of the connection to Replicate. */
export class ReplicateTransport {
  /** One connection carries one request: a held create must not hold up, or take down, another. */
  private readonly agent = new Agent({
    allowH2: false,
    connections: null,
    pipelining: 1,
    connect: { timeout: CONNECT_TIMEOUT },
  });

  private readonly sent = new WeakMap<AbortSignal, number>();

  /** @param cancelAfterMs age at which Replicate itself is to end a prediction, in case nobody else can */
  constructor(private readonly cancelAfterMs: number) {}

  /** What the client calls. Never rejects, and answers no status that the client would repeat. */
  readonly fetch = async (input: Request | string | URL, init: RequestInit = {}): Promise<Response> => {
    try {
      const url = input instanceof URL ? input : new URL(input instanceof Request ? input.url : input);
      const reply = await this.send(url, init);
      return (reply.status >= 200 && reply.status < 300
        ? new AcceptedReply(reply)
        : new FailedReply(refusal(reply))) as unknown as Response;
    } catch (error) {
      // Nobody foresaw this, so nobody knows whether the request was sent.
      const fault = error instanceof UpstreamFault ? error : new UpstreamFault('lost', { cause: error });
      return new FailedReply(fault) as unknown as Response;
    }
  };

  /** When the last create under a signal began to be sent, by `performance.now()`; undefined when none was. */
  sentAt(signal: AbortSignal): number | undefined {
    return this.sent.get(signal);
  }

  /** Closes all connections; running requests fail. */
  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private send(url: URL, { method = 'GET', headers, body, signal }: RequestInit): Promise<ExchangeReply> {
    const isCreate = method === 'POST' && url.pathname.endsWith('/predictions');
    return exchange(this.agent, {
      url,
      method,
      headers: {
        ...(headers as Record<string, string>),
        // Replicate's minimum is 5 s.
        ...(isCreate && { 'Cancel-After': `${Math.max(5, Math.ceil(this.cancelAfterMs / 1000))}s` }),
      },
      timeoutMs: isCreate ? CREATE_TIMEOUT : READ_TIMEOUT,
      stopOnlyBeforeSent: isCreate,
      ...(typeof body === 'string' && { body }),
      ...(signal && { signal }),
      ...(isCreate && signal && { onSent: () => void this.sent.set(signal, performance.now()) }),
    });
  }
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
