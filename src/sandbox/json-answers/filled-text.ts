// Fills a string of a schema: the best of what was seen that its format, pattern and lengths allow.
import type { JsonObject } from '../json.js';
import { formattedText } from './formatted-text.js';
import { textFor } from './pattern-text.js';
import type { Sight } from './sight.js';
import { isAccount, textFact } from './text-facts.js';

/** A string, and whether it is something seen and not only allowed. */
export interface FilledText {
  readonly value: string;
  readonly isKnown: boolean;
}

/** The origin, where a string has room for it. */
export const ORIGIN = ' (sandbox)';

/** Texts longer than this are not held against a pattern. */
const LONGEST_TRIAL = 400;

/**
 * The string for a property of these words. With `insists`, a free one says where it comes from even when it is
 * what was asked for. Nothing when no string is found that the pattern allows.
 */
export function filledText(
  words: readonly string[],
  schema: JsonObject,
  sight: Sight,
  insists: boolean,
): FilledText | undefined {
  const { format, pattern } = schema;
  const formatted = typeof format === 'string' ? formattedText(format, sight.lines) : undefined;
  if (typeof pattern === 'string') return patterned(pattern, words, schema, sight, formatted?.text);
  if (formatted) return { value: formatted.text, isKnown: formatted.isSeen };
  return free(words, schema, sight, insists);
}

function free(words: readonly string[], schema: JsonObject, sight: Sight, insists: boolean): FilledText {
  if (isAccount(words)) return { value: sized(sight.line ?? sight.statement, schema), isKnown: true };
  const fact = textFact(words, sight);
  const text = fact ?? sight.lines[0];
  const isMarked = insists || fact === undefined;
  const value = text === undefined ? sight.statement : `${text}${isMarked ? ORIGIN : ''}`;
  return { value: sized(value, schema), isKnown: fact !== undefined };
}

function patterned(
  pattern: string,
  words: readonly string[],
  schema: JsonObject,
  sight: Sight,
  formatted: string | undefined,
): FilledText | undefined {
  const whole = expression(pattern);
  const inside = expression(pattern.replace(/^\^/, '').replace(/(?<!\\)\$$/, ''));
  if (!whole || !inside) return undefined;
  const fits = (text: string) => whole.test(text) && hasLength(text, schema);
  const fact = textFact(words, sight);
  const texts = [fact, ...sight.lines, ...sight.colours].filter((text) => text !== undefined);
  const seen = texts
    .map((text) => text.slice(0, LONGEST_TRIAL))
    .flatMap((text) => [text, inside.exec(text)?.[0] ?? '']);
  const known = seen.find((text) => text !== '' && fits(text));
  if (known !== undefined) return { value: known, isKnown: true };
  const unknown = [formatted, ...madeUp(pattern, schema)].find((text) => text !== undefined && fits(text));
  return unknown === undefined ? undefined : { value: unknown, isKnown: false };
}

/** Texts for a pattern: the shortest, and longer ones where it is too short. */
function madeUp(pattern: string, { minLength }: JsonObject): (string | undefined)[] {
  const shortest = textFor(pattern);
  const missing = (typeof minLength === 'number' ? minLength : 0) - (shortest?.length ?? 0);
  return missing > 0 ? [textFor(pattern, missing)] : [shortest];
}

/** A pattern as JSON Schema means it, in Unicode; an older one that is not valid there as it is. */
function expression(pattern: string): RegExp | undefined {
  for (const flags of ['u', '']) {
    try {
      return new RegExp(pattern, flags);
    } catch {
      continue;
    }
  }
  return undefined;
}

/** A text cut or drawn out to the lengths of a schema, which are in code points. */
function sized(text: string, { minLength, maxLength }: JsonObject): string {
  const least = Math.min(typeof minLength === 'number' ? minLength : 0, LONGEST);
  const most = typeof maxLength === 'number' ? maxLength : Infinity;
  let signs = Array.from(text);
  while (signs.length < least) signs = [...signs, ...Array.from(signs.length === 0 ? 'sandbox' : ORIGIN)];
  // A text that was drawn out is as long as it must be; one that had enough keeps what may stay.
  return signs.slice(0, Array.from(text).length < least ? least : most).join('');
}

/** The longest that a text is drawn out to, whatever a schema demands. */
const LONGEST = 100_000;

function hasLength(text: string, { minLength, maxLength }: JsonObject): boolean {
  const { length } = Array.from(text);
  if (typeof minLength === 'number' && length < minLength) return false;
  return !(typeof maxLength === 'number' && length > maxLength);
}
