// Mends what is nearly JSON, and takes nothing from the mender that the model did not write: it would fill in
// missing values, drop an ellipsis, or quote what has no quotes. Every value has to be there before and after.
import { jsonrepair } from 'jsonrepair';
import { type Token, tokensOf } from './tokens.ts';

/**
 * The JSON that is meant; undefined where that would be a guess. Mended are quotes, comments, bare keys, Python's
 * words, commas too many, and commas missing where a line or bracket ends all the same.
 *
 * @param mayClose whether brackets that are missing at the very end, after a whole value, may be added
 */
export function repair(text: string, tokens: readonly Token[], mayClose: boolean): string | undefined {
  // The mender takes time for what is not worth it.
  if (tokens.some(({ kind }) => kind === 'junk' || kind === 'cut')) return undefined;
  const repaired = mend(text);
  if (repaired === undefined || !isJson(repaired)) return undefined;
  return isSameData(tokens, tokensOf(repaired), mayClose) ? repaired : undefined;
}

function mend(text: string): string | undefined {
  try {
    return jsonrepair(text);
  } catch {
    // It gave up: there is nothing to say that would help the model more than the place, which others find.
    return undefined;
  }
}

/** Whether a text is JSON as it stands. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isSameData(written: readonly Token[], repaired: readonly Token[], mayClose: boolean): boolean {
  let at = 0;
  for (const [index, token] of written.entries()) {
    if (token.kind === 'comma' && repaired[at]?.kind !== 'comma') {
      if (written[index + 1]?.kind !== 'close') return false;
      continue;
    }
    if (token.kind !== 'comma' && repaired[at]?.kind === 'comma') {
      if (!mayLackComma(written, index)) return false;
      at += 1;
    }
    if (!isSame(token, repaired[at], written[index + 1])) return false;
    at += 1;
  }
  const added = repaired.slice(at);
  if (added.length === 0) return true;
  return mayClose && endsWithValue(written) && added.every(({ kind }) => kind === 'close');
}

/** Whether nothing was begun that is not there: an object with its bracket alone could have been any. */
function endsWithValue(tokens: readonly Token[]): boolean {
  return ['string', 'number', 'keyword', 'close'].includes(tokens.at(-1)?.kind ?? 'junk');
}

/** Where no comma can be missed: before a key, and after an inner object or list. */
function mayLackComma(tokens: readonly Token[], index: number): boolean {
  return tokens[index - 1]?.kind === 'close' || tokens[index + 1]?.kind === 'colon';
}

function isSame(written: Token, repaired: Token | undefined, next: Token | undefined): boolean {
  if (written.text !== repaired?.text) return false;
  if (written.kind === 'word') return repaired.kind === 'string' && next?.kind === 'colon';
  return written.kind === repaired.kind;
}
