// Reads a JSON Schema for the filler: references resolved, `allOf` merged, the types that are left. Checks
// nothing.
import { isJsonObject, type JsonObject } from '../json.js';

/** A schema without `$ref` and `allOf`, and the references that led to it. */
export interface ReadSchema {
  readonly schema: JsonObject;
  readonly path: readonly string[];
}

/**
 * Follows the references of a schema and merges what must hold together. Nothing when it is `false`, when a
 * reference leads nowhere, or when it leads back into `path`, the references that are being followed.
 */
export function readSchema(
  schema: unknown,
  root: JsonObject,
  path: readonly string[],
): ReadSchema | undefined {
  if (schema === true || schema === undefined) return { schema: {}, path };
  if (!isJsonObject(schema)) return undefined;
  const { $ref, allOf, ...own } = schema;
  let read: ReadSchema = { schema: own, path };
  const parts = [...listOf(allOf)];
  if (typeof $ref === 'string') {
    if (path.includes($ref)) return undefined;
    read = { ...read, path: [...path, $ref] };
    parts.unshift(referred($ref, root) ?? false);
  }
  for (const part of parts) {
    const next = readSchema(part, root, read.path);
    if (!next) return undefined;
    read = { schema: merged(next.schema, read.schema), path: next.path };
  }
  return read;
}

/** The types that a schema allows, the likeliest first; by its other words where it names none. */
export function typesOf(schema: JsonObject): readonly string[] {
  const { type } = schema;
  if (typeof type === 'string') return [type];
  if (Array.isArray(type)) return type.filter((name) => typeof name === 'string');
  const telling = tellingWords.find(([, words]) => words.some((word) => word in schema));
  return [telling?.[0] ?? 'string'];
}

const tellingWords: readonly (readonly [type: string, words: readonly string[]])[] = [
  [
    'object',
    ['properties', 'required', 'additionalProperties', 'patternProperties', 'minProperties', 'propertyNames'],
  ],
  ['array', ['items', 'prefixItems', 'minItems', 'maxItems', 'contains', 'uniqueItems']],
  ['number', ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']],
];

/** What a reference of this document names: the whole, a place by JSON Pointer, or a definition by its anchor. */
function referred(reference: string, root: JsonObject): unknown {
  const [base = '', fragment = ''] = reference.split('#');
  if (base !== '' && base !== root.$id) return undefined;
  if (fragment === '') return root;
  if (!fragment.startsWith('/')) return anchored(fragment, root);
  const keys = decodeURIComponent(fragment)
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  return keys.reduce<unknown>((place, key) => memberOf(place, key), root);
}

function memberOf(place: unknown, key: string): unknown {
  if (Array.isArray(place)) return place[Number(key)] as unknown;
  return isJsonObject(place) && Object.hasOwn(place, key) ? place[key] : undefined;
}

function anchored(anchor: string, { $defs, definitions }: JsonObject): unknown {
  const known = [$defs, definitions].flatMap((defs) => (isJsonObject(defs) ? Object.values(defs) : []));
  return known.find((schema) => isJsonObject(schema) && schema.$anchor === anchor);
}

/** Both at once: properties and requirements of both, the later word where only one can hold. */
function merged(one: JsonObject, other: JsonObject): JsonObject {
  const properties = { ...objectOf(one.properties), ...objectOf(other.properties) };
  const required = [...listOf(one.required), ...listOf(other.required)];
  return {
    ...one,
    ...other,
    ...(Object.keys(properties).length > 0 && { properties }),
    ...(required.length > 0 && { required: [...new Set(required)] }),
  };
}

function objectOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
