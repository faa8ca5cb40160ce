// Fills a JSON Schema from what was seen: which part of it is filled with what. Single values are made in the
// files beside it.
import type { JsonObject } from '../json.js';
import { filledArray } from './filled-array.js';
import { filledChoice, listedValues } from './filled-choice.js';
import { fittedNumber } from './filled-number.js';
import { filledObject } from './filled-object.js';
import { filledText } from './filled-text.js';
import type { Fill, Filled, Place } from './filling.js';
import { flagFact, numberFact } from './number-facts.js';
import { readSchema, typesOf } from './schema-reader.js';

/** Schemas that are nested deeper than this are not filled. */
const DEEPEST = 40;

/** A value for a schema. Nothing when none is found: a `false`, empty bounds, a recursion without an end. */
export const fill: Fill = (schema, place) => {
  if (place.depth > DEEPEST) return undefined;
  const read = readSchema(schema, place.root, place.path);
  if (!read) return undefined;
  const here = { ...place, path: read.path, depth: place.depth + 1 };
  const listed = listedValues(read.schema);
  if (listed) return filledChoice(here.words, listed, here.sight);
  const branches = branchesOf(read.schema);
  return firstFilled(
    branches ?? typesOf(read.schema).map((type) => ({ ...read.schema, type })),
    here,
    !branches,
  );
};

/** The alternatives of a schema, each with what holds for all of them. */
function branchesOf({ anyOf, oneOf, ...common }: JsonObject): unknown[] | undefined {
  const branches: unknown = anyOf ?? oneOf;
  if (!Array.isArray(branches) || branches.length === 0) return undefined;
  return branches.map((branch: unknown) => ({ ...common, allOf: [branch] }));
}

/** The first alternative that can be filled; where null is one of them, null stands for what is not known. */
function firstFilled(alternatives: readonly unknown[], place: Place, areTypes: boolean): Filled | undefined {
  const filled = alternatives.map((schema) =>
    areTypes ? fillType(schema as JsonObject, place) : fill(schema, place),
  );
  const values = filled.filter((found) => found !== undefined);
  const empty = values.find(({ value }) => value === null);
  const first = values.find(({ value }) => value !== null);
  return empty && !first?.isKnown ? empty : first;
}

function fillType(schema: JsonObject, place: Place): Filled | undefined {
  const { words, sight } = place;
  switch (schema.type) {
    case 'object':
      return filledObject(schema, place, fill);
    case 'array':
      return filledArray(schema, place, fill);
    case 'string':
      return filledText(words, schema, sight, place.insists);
    case 'boolean':
      return known(flagFact(words, sight), false);
    case 'null':
      return { value: null, isKnown: false };
    case 'integer':
    case 'number': {
      const { value: wish, isKnown } = known(numberFact(words, sight), 0);
      const value = fittedNumber(wish, schema, schema.type === 'integer');
      return value === undefined ? undefined : { value, isKnown };
    }
    default:
      return undefined;
  }
}

function known<Value>(fact: Value | undefined, otherwise: Value): { value: Value; isKnown: boolean } {
  return { value: fact ?? otherwise, isKnown: fact !== undefined };
}
