// The requests that reached the sandbox's API, so that a test can say what was sent and what was not.

/** One request to `/v1/…`, whatever came of it. */
export interface LoggedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Header names in lower case; `authorization` is replaced by `accepted` or `refused`. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /**
   * The parsed JSON, or the text when it is not JSON; absent without a body, and when a reset came before it.
   */
  readonly body?: unknown;
  /** Epoch milliseconds at which its headers had arrived. */
  readonly time: number;
}

/** The latest requests. */
export class RequestLog {
  private logged: LoggedRequest[] = [];

  /** Holds at most `limit` requests. */
  constructor(private readonly limit: number) {}

  /** Enters a request. */
  add(request: LoggedRequest): void {
    this.logged.push(request);
    if (this.logged.length > this.limit * 2) this.logged.splice(0, this.logged.length - this.limit);
  }

  /** Forgets all of them. */
  clear(): void {
    this.logged = [];
  }

  /** The requests, oldest first. */
  get requests(): readonly LoggedRequest[] {
    return this.logged.length > this.limit ? this.logged.slice(-this.limit) : this.logged;
  }
}
