// Who may ask: anyone with the token, under either of the two names that Replicate takes.
import { badToken, noToken, type Problem } from '../problem.js';

/**
 * The refusal that an `Authorization` header deserves, or nothing. Without `token`, any token is accepted.
 */
export function refusal(authorization: string | undefined, token: string | undefined): Problem | undefined {
  if (authorization === undefined || authorization.trim() === '') return noToken;
  const given = /^(?:bearer|token) +(\S+)$/i.exec(authorization.trim())?.[1];
  if (given === undefined || (token !== undefined && given !== token)) return badToken;
  return undefined;
}
