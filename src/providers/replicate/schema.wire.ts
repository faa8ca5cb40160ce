// Reads a version's `openapi_schema` with suspicion: whatever its author wrote there, what comes out has the
// types that it says. What the fields mean is for others to find out.
import { child, isObject, type Json, SchemaResolution } from './schema-resolution.js';

/** A JSON type of a property. */
export type PropertyType = 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object';

/** A schema of one value, resolved. Parts of it that make no sense are left out. */
export interface Property {
  readonly name: string;
  /** Absent where the schema names none and nothing else in it gives one away. */
  readonly type?: PropertyType;
  readonly format?: string;
  readonly description: string;
  readonly enum?: readonly unknown[];
  /** Absent also where it is null. */
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  /** Of an array. */
  readonly items?: Property;
  /** Of an output that is an object. */
  readonly properties?: readonly Property[];
  /** Whether an array's items are the pieces of one text (`x-cog-array-display: concatenate`). */
  readonly concatenated: boolean;
  /** Whether an input must be sent. */
  readonly required: boolean;
}

/** What a version takes and gives. */
export interface VersionSchema {
  /** In the order of the model's own signature (`x-order`). */
  readonly inputs: readonly Property[];
  /** Names of required inputs that are not among `inputs`: not described, or no names. */
  readonly unknownInputs: readonly string[];
  /** Absent where the schema does not say. */
  readonly output?: Property;
}

/** Arguments of a Python function, which is what inputs are: names become keys of our own objects. */
const NAME = /^(?!__proto__$)[A-Za-z_][\w.-]{0,99}$/;

const TYPES: ReadonlySet<unknown> = new Set<PropertyType>([
  'string',
  'integer',
  'number',
  'boolean',
  'array',
  'object',
]);

/** Lists in lists deeper than this are some mistake. */
const MAX_DEPTH = 4;

/** Reads the schema; undefined where there is none, or none that describes an input. */
export function readSchema(openapiSchema: unknown): VersionSchema | undefined {
  if (!isObject(openapiSchema)) return undefined;
  const schemas = child(child(openapiSchema, 'components'), 'schemas');
  if (!Object.hasOwn(schemas, 'Input') || !isObject(schemas.Input)) return undefined;
  const reader = new PropertyReader(new SchemaResolution(schemas));
  const required = new Set(strings(schemas.Input.required));
  const inputs = reader.properties(schemas.Input).map((input) => {
    return { ...input, required: required.has(input.name) };
  });
  const output = Object.hasOwn(schemas, 'Output') ? schemas.Output : undefined;
  return {
    inputs,
    unknownInputs: [...required].filter((name) => !inputs.some((input) => input.name === name)),
    ...(isObject(output) && { output: reader.output(output) }),
  };
}

class PropertyReader {
  constructor(private readonly resolution: SchemaResolution) {}

  properties(schema: Json): Property[] {
    return Object.entries(child(schema, 'properties'))
      .flatMap(([name, property]) => (NAME.test(name) && isObject(property) ? [{ name, property }] : []))
      .sort((a, b) => order(a.property) - order(b.property))
      .map(({ name, property }) => this.property(name, this.resolution.resolve(property), 0));
  }

  output(schema: Json): Property {
    const resolved = this.resolution.resolve(schema);
    const output = this.property('Output', resolved, 0);
    const { items } = output.type === 'array' ? resolved : {};
    const described = isObject(items) ? this.resolution.resolve(items) : resolved;
    const properties = isObject(described.properties) ? this.properties(described) : undefined;
    return { ...output, ...(properties && { properties }) };
  }

  private property(name: string, schema: Json, depth: number): Property {
    const { format, description, items, default: preset, enum: choices } = schema;
    const type = typeOf(schema);
    return {
      name,
      description: typeof description === 'string' ? description.slice(0, 2000) : '',
      required: false,
      concatenated: schema['x-cog-array-display'] === 'concatenate',
      ...(type && { type }),
      ...(typeof format === 'string' && { format }),
      ...(Array.isArray(choices) && choices.length > 0 && { enum: choices as unknown[] }),
      ...(preset !== undefined && preset !== null && { default: preset }),
      ...range(schema, 'minimum', 'maximum'),
      ...range(schema, 'minLength', 'maxLength'),
      ...range(schema, 'minItems', 'maxItems'),
      ...(isObject(items) &&
        depth < MAX_DEPTH && { items: this.property(name, this.resolution.resolve(items), depth + 1) }),
    };
  }
}

function order(schema: Json): number {
  const position = schema['x-order'];
  return typeof position === 'number' ? position : Number.MAX_SAFE_INTEGER;
}

/** A type that is a list, as in OpenAPI 3.1, is its first that is not null. */
function typeOf({ type, enum: choices, default: preset, items, properties }: Json): PropertyType | undefined {
  const named = (Array.isArray(type) ? (type as unknown[]) : [type]).find((name) => TYPES.has(name));
  if (named !== undefined) return named as PropertyType;
  if (isObject(items)) return 'array';
  if (isObject(properties)) return 'object';
  const sample: unknown = Array.isArray(choices) ? choices[0] : preset;
  if (Array.isArray(sample)) return 'array';
  const guess = typeof sample;
  return guess === 'string' || guess === 'number' || guess === 'boolean' ? guess : undefined;
}

/** A pair of bounds. One that leaves no value between them bounds nothing. */
function range<Low extends string, High extends string>(
  schema: Json,
  low: Low,
  high: High,
): Partial<Record<Low | High, number>> {
  const [from, to] = [schema[low], schema[high]];
  const isFrom = typeof from === 'number';
  const isTo = typeof to === 'number';
  if (isFrom && isTo && from > to) return {};
  return { ...(isFrom && { [low]: from }), ...(isTo && { [high]: to }) } as Partial<
    Record<Low | High, number>
  >;
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}
