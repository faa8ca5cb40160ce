// Fills a list of a schema: one element for each line, colour or picture where its name asks for these, one
// otherwise, and as many as there must be.
import type { JsonObject } from '../json.js';
import type { Fill, Filled, Place } from './filling.js';
import { elementSights, type Sight } from './sight.js';

/** Elements of a list that has no maximum of its own. */
const MOST_ELEMENTS = 5;

/** Elements that are made, whatever a schema demands. */
const LONGEST = 10_000;

/** A list. Nothing when it cannot have the elements that it must have. */
export function filledArray(schema: JsonObject, place: Place, fill: Fill): Filled | undefined {
  const { prefixItems, items, contains, minItems, maxItems, uniqueItems } = schema;
  const first: unknown[] = Array.isArray(prefixItems) ? prefixItems : [];
  const least = Math.min(numberOr(minItems, 0), LONGEST);
  const most = numberOr(maxItems, Math.max(MOST_ELEMENTS, least));
  const fixed = first.slice(0, most).map((element) => fill(element, place));
  const rest =
    items === false ? [] : restOf(items ?? contains, place, { least, most, taken: first.length }, fill);
  const all = [...fixed, ...rest];
  const elements = all.filter((element) => element !== undefined);
  if (elements.length < all.length && elements.length < least) return undefined;
  const values = elements.map(({ value }) => value);
  const kept = uniqueItems === true ? distinct(values, least, items) : values;
  if (kept.length < least) return undefined;
  return { value: kept, isKnown: elements.some(({ isKnown }) => isKnown) };
}

interface Room {
  readonly least: number;
  readonly most: number;
  /** Elements that the list has already. */
  readonly taken: number;
}

function restOf(
  items: unknown,
  place: Place,
  { least, most, taken }: Room,
  fill: Fill,
): (Filled | undefined)[] {
  const sights = elementSights(place.words, place.sight) ?? [place.sight];
  const wanted = taken > 0 ? 0 : Math.min(sights.length, MOST_ELEMENTS);
  const count = Math.min(Math.max(wanted, least - taken), most - taken);
  const words = place.words.map(singular);
  return Array.from({ length: Math.max(0, count) }, (_, index) =>
    fill(items ?? true, { ...place, words, sight: sightAt(sights, index) ?? place.sight }),
  );
}

function sightAt(sights: readonly Sight[], index: number): Sight | undefined {
  return sights[index % Math.max(1, sights.length)];
}

/** An element is called what its list is called, in the singular. */
function singular(word: string): string {
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  return word.length > 3 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word;
}

/** Values that come once; others in the place of repetitions where there must be more. */
function distinct(values: readonly unknown[], least: number, items: unknown): unknown[] {
  const kept = new Map(values.map((value) => [JSON.stringify(value), value]));
  const source = values[0];
  for (let more = 2; kept.size < least && more <= least * 2 + 8; more++) {
    const value = another(source, more, items);
    kept.set(JSON.stringify(value), value);
  }
  return [...kept.values()];
}

function another(value: unknown, number: number, items: unknown): unknown {
  const { enum: listed, multipleOf } = (items ?? {}) as JsonObject;
  if (Array.isArray(listed)) return listed[(number - 2) % listed.length] as unknown;
  if (typeof value === 'number') return value + (number - 1) * numberOr(multipleOf, 1);
  if (typeof value === 'string') return `${value} ${number}`;
  return typeof value === 'boolean' ? !value : value;
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}
