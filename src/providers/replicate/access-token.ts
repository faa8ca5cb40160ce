// The token that an account at Replicate is reached with. The gateway's own may change while it runs.
import type { ExchangeReply } from './exchange.js';
import { refusal } from './problem.js';

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
  const reply = await send(token);
  // A proxy's no says nothing about what it had passed on.
  if (reply.status !== 401 || !refusal(reply).problem) return { ...reply, token };
  await access.refused();
  const newer = access.current();
  return newer === token ? { ...reply, token } : { ...(await send(newer)), token: newer };
}

/** Headers with a token in place of whatever they had, in whatever case their names are. */
export function authorized(
  headers: Readonly<Record<string, string>>,
  token: string | undefined,
): Record<string, string> {
  const others = Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization');
  return { ...Object.fromEntries(others), ...(token !== undefined && { authorization: `Bearer ${token}` }) };
}
