// Reads schemas of older dialects and of OpenAPI 3.0 as JSON Schema, where they say the same in other words.

/** Keywords whose value is a schema, a list of schemas, or a map of them by names that are no keywords. */
const SCHEMAS = new Set([
  'items',
  'additionalItems',
  'additionalProperties',
  'unevaluatedItems',
  'unevaluatedProperties',
  'propertyNames',
  'contains',
  'not',
  'if',
  'then',
  'else',
]);
const LISTS = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems', 'items']);
const MAPS = new Set(['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions']);

type Schema = Readonly<Record<string, unknown>>;

/**
 * The schema with `nullable: true` as a type more, and without `id`, which names a schema where draft 4 looks for it.
 *
 * @see https://spec.openapis.org/oas/v3.0.3#schema-object
 */
export function modernised(schema: Schema): Schema {
  const { id, nullable, ...rest } = schema;
  const kept: Schema = typeof id === 'string' ? rest : { ...rest, ...('id' in schema && { id }) };
  const inner = Object.fromEntries(Object.entries(kept).map(([key, value]) => [key, within(key, value)]));
  return nullable === true ? orNull(inner) : inner;
}

function within(key: string, value: unknown): unknown {
  if (LISTS.has(key) && Array.isArray(value)) return value.map(modernisedIfSchema);
  if (SCHEMAS.has(key)) return modernisedIfSchema(value);
  if (!MAPS.has(key) || !isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, schema]) => [name, modernisedIfSchema(schema)]),
  );
}

function modernisedIfSchema(value: unknown): unknown {
  return isObject(value) ? modernised(value) : value;
}

/** Kept in its place where that is possible: references may point into it. */
function orNull(schema: Schema): Schema {
  const { type, enum: choices } = schema;
  const isPlain =
    typeof type === 'string' && !('const' in schema) && !('$ref' in schema) && !hasBranches(schema);
  if (!isPlain) return { anyOf: [schema, { type: 'null' }] };
  return {
    ...schema,
    type: [type, 'null'],
    ...(Array.isArray(choices) && { enum: [...(choices as unknown[]), null] }),
  };
}

function hasBranches(schema: Schema): boolean {
  return ['allOf', 'anyOf', 'oneOf', 'not', 'if'].some((key) => key in schema);
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
