// Follows the references and combinations of a JSON schema from an unknown author, for a bounded time.

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** A schema that refers to itself, or to hundreds of others, is read no further than this many parts. */
const MAX_PARTS = 5000;

/** Nor are references followed further than this in a row. */
const MAX_DEPTH = 16;

const REFERENCE = /^#\/components\/schemas\/([\w.-]+)$/;

/** Whether it is a JSON object. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A property's object, or an empty one. Inherited properties are none. */
export function child(parent: Json, name: string): Json {
  const value = Object.hasOwn(parent, name) ? parent[name] : undefined;
  return isObject(value) ? value : {};
}

/** Resolves schemas against the components of one document. */
export class SchemaResolution {
  private parts = 0;

  constructor(private readonly components: Json) {}

  /**
   * A schema without `$ref`, `allOf`, `anyOf` and `oneOf`: the first two merged, of the others the first
   * alternative that is not null. What a schema says itself comes before what it refers to.
   */
  resolve(schema: Json, depth = 0): Json {
    if (++this.parts > MAX_PARTS || depth > MAX_DEPTH) return {};
    const { $ref, allOf, anyOf, oneOf, ...own } = schema;
    const parts = [
      ...(typeof $ref === 'string' ? [this.referenced($ref)] : []),
      ...list(allOf),
      ...list(anyOf).filter(isPresent).slice(0, 1),
      ...list(oneOf).filter(isPresent).slice(0, 1),
    ];
    if (parts.length === 0) return own;
    return { ...Object.assign({}, ...parts.map((part) => this.resolve(part, depth + 1))), ...own } as Json;
  }

  private referenced(reference: string): Json {
    const name = REFERENCE.exec(reference)?.[1];
    return name === undefined ? {} : child(this.components, name);
  }
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function isPresent(schema: Json): boolean {
  return schema.type !== 'null';
}
