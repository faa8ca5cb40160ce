// Two published documents as validators: ours (OpenAPI 3.0) and the parts of OpenAI's (3.1) in test/fixtures/openai.
// Knows JSON Schema; which answer is held against which schema is in conformance.ts.
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

/** An OpenAPI document, as far as the checks read it. */
export interface ApiDocument {
  readonly openapi?: string;
  readonly paths?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

/** What a schema says of a value: nothing where the value fits. */
export type Complaints = readonly string[];

/** Most complaints of one value that are told: one wrong `anyOf` makes dozens. */
const MOST_COMPLAINTS = 6;

/** The committed openapi.json. */
export function committedDocument(): ApiDocument {
  return readDocument('../../openapi.json');
}

/** What OpenAI publishes of the shapes that we speak. */
export function openaiDocument(): ApiDocument {
  return readDocument('../fixtures/openai/schemas.json');
}

/** The schemas of one document, compiled when they are first asked for. */
export class Schemas {
  private readonly ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    validateSchema: false,
    logger: false,
  });

  /** With `closed`, an object may have only the properties that the document names, unless it says otherwise. */
  constructor(
    private readonly name: string,
    document: ApiDocument,
    { closed }: { closed: boolean },
  ) {
    formats.default(this.ajv);
    this.ajv.addFormat('unixtime', { type: 'number', validate: Number.isSafeInteger });
    this.ajv.addSchema({ $id: name, ...(toJsonSchema(document, closed) as object) });
  }

  /** Holds a value against the schema at a place in the document, as `['components', 'schemas', 'Error']`. */
  check(value: unknown, place: readonly string[]): Complaints {
    const pointer = place.map(
      (step) => `/${encodeURIComponent(step.replace(/~/g, '~0').replace(/\//g, '~1'))}`,
    );
    const validate = this.ajv.getSchema(`${this.name}#${pointer.join('')}`);
    if (!validate) throw new Error(`the document ${this.name} has no schema at ${place.join(' ')}`);
    if (validate(value) === true) return [];
    return (validate.errors ?? []).slice(0, MOST_COMPLAINTS).map(({ instancePath, message, params }) => {
      const detail = Object.values(params as Record<string, unknown>).map((part) => JSON.stringify(part));
      return `${instancePath === '' ? 'the body' : instancePath} ${message ?? 'is wrong'} (${detail.join(', ')})`;
    });
  }

  /** Holds a value against a component. */
  checkComponent(value: unknown, component: string): Complaints {
    return this.check(value, ['components', 'schemas', component]);
  }
}

function readDocument(path: string): ApiDocument {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as ApiDocument;
}

/** Keys of an OpenAPI document whose values are people's, not schemas'. */
const PROSE = new Set(['description', 'example', 'examples', 'title', 'summary', 'tags', 'x-oaiMeta']);

/**
 * An OpenAPI document with JSON Schema's words for what 3.0 says in its own: `nullable`, which is taken to mean null
 * beside `allOf` and `$ref` too, as every tool but the letter of 3.0.3 takes it. The members of an `allOf` stay open:
 * each knows only its part of the object.
 */
function toJsonSchema(node: unknown, closed: boolean): unknown {
  if (Array.isArray(node)) return node.map((item) => toJsonSchema(item, closed));
  if (typeof node !== 'object' || node === null) return node;
  const schema: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node)) {
    if (PROSE.has(key)) continue;
    if (key === 'properties' || key === 'schemas') schema[key] = eachOf(value as object, closed);
    else if (key === 'enum' || key === 'default' || key === 'const') schema[key] = value;
    else schema[key] = toJsonSchema(value, closed && !(key === 'allOf' && (value as unknown[]).length > 1));
  }
  if (closed && schema.properties && !('additionalProperties' in schema) && !('allOf' in schema)) {
    schema.additionalProperties = false;
  }
  const { nullable, ...rest } = schema;
  if (nullable !== true) return rest;
  const composed = ['$ref', 'allOf', 'anyOf', 'oneOf'].some((key) => key in rest);
  return typeof rest.type === 'string' && !composed
    ? { ...rest, type: [rest.type, 'null'] }
    : { anyOf: [rest, { type: 'null' }] };
}

/** A map from names to schemas: its keys are names, whatever they look like. */
function eachOf(map: object, closed: boolean): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(map).map(([name, schema]) => [name, toJsonSchema(schema, closed)]),
  );
}
