// Who may ask: anyone with the token, under either of the two names that Replicate takes.
import { accountOf } from '../account.js';
import { badToken, noToken, type Problem } from '../problem.js';

/**
 * The refusal that an `Authorization` header deserves, or nothing. Without `token`, any token is accepted.
 */
export function refusal(authorization: string | undefined, token: string | undefined): Problem | undefined {
  if (authorization === undefined || authorization.trim() === '') return noToken;
  const given = tokenIn(authorization);
  if (given === undefined || (token !== undefined && given !== token)) return badToken;
  return undefined;
}

/** The account that an `Authorization` header names; undefined where it names none. */
export function accountIn(authorization: string | undefined): string | undefined {
  const token = tokenIn(authorization ?? '');
  return token === undefined ? undefined : accountOf(token);
}

function tokenIn(authorization: string): string | undefined {
  return /^(?:bearer|token) +(\S+)$/i.exec(authorization.trim())?.[1];
}
