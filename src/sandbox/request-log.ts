// What the sandbox writes down about a request to its API, so that a test can say what was sent and what was
// not.

/** One request to `/v1/…`, whatever came of it. */
export interface LoggedRequest {
  readonly method: string;
  /** Of the token that came with it, as bill entries have it; absent without one. */
  readonly account?: string;
  /** Path and query. */
  readonly path: string;
  /**
   * Header names in lower case; `authorization` is replaced by `accepted` or `refused`, and by `present`
   * where no token is asked for: a stream's address is enough.
   */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /**
   * The parsed JSON, or the text when it is not JSON; absent without a body, for an upload, and when a reset
   * came before it.
   */
  readonly body?: unknown;
  /** Epoch milliseconds at which its headers had arrived. */
  readonly time: number;
}

/** How `authorization` is written down. */
export type AuthorizationMark = 'accepted' | 'refused' | 'present';

/** The entry for a request whose body has not come yet; it is added to the entry when it has. */
export function logEntry(
  request: { readonly method: string; readonly url: string; readonly headers: object },
  mark: AuthorizationMark,
  account?: string,
): { -readonly [Field in keyof LoggedRequest]: LoggedRequest[Field] } {
  const { authorization, ...headers } = request.headers as Record<string, string | undefined>;
  return {
    method: request.method,
    ...(account && { account }),
    path: request.url,
    headers: { ...headers, ...(authorization !== undefined && { authorization: mark }) },
    time: Date.now(),
  };
}
