// Whose a prediction or a file is: accounts are told apart by their tokens, which are not kept.
import { createHash } from 'node:crypto';

/** A name for the account of a token: always the same for the same token. */
export function accountOf(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 16);
}
