// Fills an object of a schema: its properties, those it demands beside them, and the entries of a map.
import { isJsonObject, type JsonObject } from '../json.js';
import { textFor } from './pattern-text.js';
import { wordsOf } from './property-words.js';
import type { Fill, Filled, Place } from './filling.js';

/** Keys of entries that a schema leaves the names of, as what they are filled with. */
const ENTRY_NAMES = ['text', 'colour', 'format', 'width', 'height', 'brightness', 'size', 'description'];

/** An object with every property that can be filled. Nothing when one that is required cannot. */
export function filledObject(schema: JsonObject, place: Place, fill: Fill): Filled | undefined {
  const properties = isJsonObject(schema.properties) ? schema.properties : {};
  const required = (Array.isArray(schema.required) ? schema.required : []).map(String);
  const others = required.filter((name) => !Object.hasOwn(properties, name));
  const named: [string, unknown][] = [
    ...Object.entries(properties),
    ...others.map((name): [string, unknown] => [name, otherSchema(schema, name)]),
  ];
  const entries = [...named, ...furtherEntries(schema, named.length)].map(
    ([name, part]) => [name, fill(part, { ...place, words: wordsOf(name) })] as const,
  );
  const isShort = entries.some(([name, filled]) => !filled && required.includes(name));
  if (isShort) return undefined;
  const filled = entries.flatMap(([name, part]) => (part ? [[name, part] as const] : []));
  return {
    value: Object.fromEntries(filled.map(([name, { value }]) => [name, value])),
    isKnown: filled.some(([, { isKnown }]) => isKnown),
  };
}

/** Entries of a map: as many as it must have, or one; none where properties are named and suffice. */
function furtherEntries(schema: JsonObject, named: number): [string, unknown][] {
  const least = typeof schema.minProperties === 'number' ? schema.minProperties : 0;
  const isMap = named === 0 && (isJsonObject(schema.additionalProperties) || hasPatterns(schema));
  const missing = Math.max(least - named, isMap ? 1 : 0);
  return entryNames(schema)
    .slice(0, missing)
    .map((name) => [name, otherSchema(schema, name)]);
}

function entryNames({ propertyNames, patternProperties }: JsonObject): string[] {
  const { enum: listed, pattern } = isJsonObject(propertyNames) ? propertyNames : {};
  if (Array.isArray(listed)) return listed.map(String);
  const patterns = Object.keys(isJsonObject(patternProperties) ? patternProperties : {});
  const made = [...patterns, ...(typeof pattern === 'string' ? [pattern] : [])].flatMap(
    (text) => textFor(text) ?? [],
  );
  return made.length > 0 ? made : ENTRY_NAMES;
}

/** What holds for a property that is not listed. */
function otherSchema({ additionalProperties, patternProperties }: JsonObject, name: string): unknown {
  const patterns = Object.entries(isJsonObject(patternProperties) ? patternProperties : {});
  return patterns.find(([pattern]) => isMatch(pattern, name))?.[1] ?? additionalProperties ?? true;
}

function isMatch(pattern: string, name: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(name);
  } catch {
    return false;
  }
}

function hasPatterns({ patternProperties }: JsonObject): boolean {
  return isJsonObject(patternProperties) && Object.keys(patternProperties).length > 0;
}
