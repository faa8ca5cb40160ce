// A second opinion for tests: what is wrong with an input by its raw schema. Shares nothing with the reader of
// schemas that it checks.

/** The part of an `openapi_schema` that holds `Input`, `Output` and what they refer to. */
export type Schemas = Record<string, unknown>;

interface Raw {
  readonly type?: string;
  readonly format?: string;
  readonly nullable?: boolean;
  readonly enum?: unknown[];
  readonly allOf?: Raw[];
  readonly anyOf?: Raw[];
  readonly $ref?: string;
  readonly items?: Raw;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** What is wrong with an input, one line each; nothing for a good one. Unknown inputs are wrong here. */
export function faultsOf(input: Record<string, unknown>, schemas: Schemas): string[] {
  const { properties, required = [] } = schemas.Input as {
    properties: Record<string, Raw>;
    required?: string[];
  };
  return [
    ...required.filter((name) => !(name in input)).map((name) => `${name} is required`),
    ...Object.entries(input).flatMap(([name, value]) => {
      const schema = properties[name];
      return schema ? valueFaults(name, value, schema, schemas) : [`${name} is unknown`];
    }),
  ];
}

function valueFaults(name: string, value: unknown, schema: Raw, schemas: Schemas): string[] {
  if (schema.$ref) {
    return valueFaults(name, value, schemas[schema.$ref.split('/').at(-1) ?? ''] as Raw, schemas);
  }
  if (value === null) return schema.nullable ? [] : [`${name} is null`];
  const alternatives = (schema.anyOf ?? []).map((part) => valueFaults(name, value, part, schemas));
  return [
    ...(schema.allOf ?? []).flatMap((part) => valueFaults(name, value, part, schemas)),
    ...(alternatives.length > 0 && alternatives.every((faults) => faults.length > 0)
      ? [`${name} fits nothing`]
      : []),
    ...(schema.type && !isOfType(value, schema.type) ? [`${name} is no ${schema.type}`] : []),
    ...(schema.enum && !schema.enum.includes(value) ? [`${name} is not one of its values`] : []),
    ...(schema.format === 'uri' && !isUri(value) ? [`${name} is no URI`] : []),
    ...rangeFaults(name, value, schema.minimum, schema.maximum),
    ...(typeof value === 'string'
      ? rangeFaults(`length of ${name}`, [...value].length, schema.minLength, schema.maxLength)
      : []),
    ...(Array.isArray(value)
      ? [
          ...rangeFaults(`length of ${name}`, value.length, schema.minItems, schema.maxItems),
          ...value.flatMap((item: unknown) =>
            schema.items ? valueFaults(name, item, schema.items, schemas) : [],
          ),
        ]
      : []),
  ];
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'array') return Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'object') return typeof value === 'object' && !Array.isArray(value);
  return typeof value === type;
}

function isUri(value: unknown): boolean {
  return typeof value === 'string' && URL.canParse(value);
}

function rangeFaults(name: string, value: unknown, minimum = -Infinity, maximum = Infinity): string[] {
  if (typeof value !== 'number') return [];
  return value < minimum || value > maximum ? [`${name} is out of bounds: ${value}`] : [];
}
