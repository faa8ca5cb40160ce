// Finds out whether a text asks for JSON, and the JSON Schema in it. Knows no one's wording: any prompt may ask.
import { isJsonObject, type JsonObject } from '../json.js';

/** What JSON is asked for. */
export interface AskedJson {
  /** Absent when any object will do. */
  readonly schema?: JsonObject;
}

/** What JSON a text asks for, if it asks for any: fitting the last schema in it, or any object. */
export function askedJson(text: string): AskedJson | undefined {
  if (!/\bJSON\b/i.test(text)) return undefined;
  const schema = lastSchema(text);
  if (schema) return { schema };
  return ASKING.test(text) ? {} : undefined;
}

/** Asking for it, and not only speaking of it. */
const ASKING =
  /\b(?:answer|reply|respond|return|output|give|write|produce|provide|generate|only|valid|as|in|is|an?)\b[^.\n]{0,60}\bJSON\b/i;

/** Schemas longer than this are not looked for, so that a hostile prompt costs no time. */
const LONGEST_TEXT = 2_000_000;

/** Brackets that are tried before giving up. */
const MOST_TRIALS = 200;

/** The last outermost `{…}` of a text that is JSON and looks like a schema. */
function lastSchema(text: string): JsonObject | undefined {
  if (text.length > LONGEST_TEXT) return undefined;
  let found: JsonObject | undefined;
  let trials = 0;
  for (let at = text.indexOf('{'); at >= 0 && trials < MOST_TRIALS; trials++) {
    const end = closing(text, at);
    const value = end === undefined ? undefined : parsedObject(text.slice(at, end));
    if (value && isSchema(value)) found = value;
    at = text.indexOf('{', value && end !== undefined ? end : at + 1);
  }
  return found;
}

/** Where the object that opens at a place is closed, by the brackets outside its strings. */
function closing(text: string, start: number): number | undefined {
  let depth = 0;
  let inString = false;
  for (let at = start; at < text.length; at++) {
    const sign = text[at];
    if (inString) {
      if (sign === '\\') at += 1;
      else if (sign === '"') inString = false;
    } else if (sign === '"') inString = true;
    else if (sign === '{') depth += 1;
    else if (sign === '}' && --depth === 0) return at + 1;
  }
  return undefined;
}

function parsedObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'];

/** An answer that has a `type` of its own is none. */
function isSchema({ type, properties, $ref, anyOf, oneOf, allOf, enum: values }: JsonObject): boolean {
  const types: unknown[] = Array.isArray(type) ? type : [type];
  if (types.every((name) => typeof name === 'string' && TYPES.includes(name))) return true;
  if (type !== undefined) return false;
  return (
    isJsonObject(properties) || typeof $ref === 'string' || [anyOf, oneOf, allOf, values].some(Array.isArray)
  );
}
