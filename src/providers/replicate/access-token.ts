// The token that an account at Replicate is reached with. The gateway's own may change while it runs.
import type { ExchangeReply } from './exchange.js';
import { refusal } from './problem.js';

/** Longest wait for another token, in milliseconds: a caller waits for it, and where tokens come from may hang. */
const NEWER_LIMIT = 3000;

/** A token, asked for with each request. */
export interface AccessToken {
  /** As it is now; undefined where there is none. */
  readonly current: () => string | undefined;
  /** Told that Replicate has refused the token; settles when there may be another. Never rejects. */
  readonly refused: () => Promise<void>;
}

/** A token that stays as it is. */
export function fixedToken(token: string | undefined): AccessToken {
  return { current: () => token, refused: () => Promise.resolve() };
}

/**
 * Sends a request, and once more where Replicate itself refuses its token and there is another by then: what is
 * refused for its token was not accepted.
 *
 * @returns the answer, and which token it was asked for with
 */
export async function withToken<Reply extends ExchangeReply>(
  access: AccessToken,
  send: (token: string | undefined) => Promise<Reply>,
): Promise<Reply & { readonly token: string | undefined }> {
  const token = access.current();
  const reply = { ...(await send(token)), token };
  if (!(await isReplaced(access, reply))) return reply;
  const newer = access.current();
  return { ...(await send(newer)), token: newer };
}

/** Whether Replicate itself has refused a request for its token, and there is another one soon. */
export async function isReplaced(
  access: AccessToken,
  { token, ...reply }: ExchangeReply & { readonly token: string | undefined },
): Promise<boolean> {
  // A proxy's no says nothing about what it had passed on.
  if (reply.status !== 401 || !refusal(reply).problem) return false;
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, NEWER_LIMIT);
  await Promise.race([access.refused(), late]);
  clearTimeout(timer);
  return access.current() !== token;
}

/** Headers with a token in place of whatever they had, in whatever case their names are. */
export function authorized(
  headers: Readonly<Record<string, string>>,
  token: string | undefined,
): Record<string, string> {
  const others = Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization');
  return { ...Object.fromEntries(others), ...(token !== undefined && { authorization: `Bearer ${token}` }) };
}
