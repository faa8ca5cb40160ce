// Picks from the values that a schema lists: the one that was seen, or one that says that nothing was.
import type { JsonObject } from '../json.js';
import { numberFact } from './number-facts.js';
import type { Sight } from './sight.js';
import { textFact } from './text-facts.js';

/** A value, and whether something that was seen speaks for it. */
export interface Choice {
  readonly value: unknown;
  readonly isKnown: boolean;
}

/** What a caller offers for the case that nothing is known. */
const UNKNOWN = /^(?:unknown|other|none|n\/?a|unclear|undetermined|not[ _-]?\w+|unspecified)$/i;

/** The choice among listed values for a property of these words; nothing when the list is empty. */
export function filledChoice(
  words: readonly string[],
  values: readonly unknown[],
  sight: Sight,
): Choice | undefined {
  const seen = spokenOf(words, sight);
  const known = values.find(
    (value) => typeof value === 'string' && seen.some((text) => speaksOf(text, value)),
  );
  if (known !== undefined) return { value: known, isKnown: true };
  const number = numberFact(words, sight);
  if (number !== undefined && values.includes(number)) return { value: number, isKnown: true };
  const unsaid = values.find((value) => value === null || (typeof value === 'string' && UNKNOWN.test(value)));
  const [value] = unsaid === undefined ? values : [unsaid];
  return values.length === 0 ? undefined : { value, isKnown: false };
}

/** The values that a schema lists, or nothing when it lists none. */
export function listedValues(schema: JsonObject): readonly unknown[] | undefined {
  if ('const' in schema) return [schema.const];
  return Array.isArray(schema.enum) ? schema.enum : undefined;
}

function spokenOf(words: readonly string[], sight: Sight): string[] {
  const names = ['format', 'brightness', 'orientation', 'currency', 'mime', 'language'];
  const facts = [textFact(words, sight), ...sight.colours, ...names.map((name) => textFact([name], sight))];
  return [...facts, ...sight.lines].filter((text) => text !== undefined);
}

/** Whether a text has a value as one of its words, or the other way about: “dark blue” is blue. */
function speaksOf(text: string, value: string): boolean {
  const plain = (words: string) =>
    ` ${words
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
      .trim()} `;
  return plain(value).trim() !== '' && plain(text).includes(plain(value));
}
