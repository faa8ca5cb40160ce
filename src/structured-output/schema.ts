// Compiles callers' JSON Schemas, which nobody has checked: to be called within a time limit.
import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { fullFormats } from 'ajv-formats/dist/formats.js';
import { modernised } from './dialects.ts';
import { emptyEnums, missingReference, patterns, pointer, propertyCount } from './schema-walk.ts';

/** Most properties of a schema, all objects in it together, as OpenAI has it. */
const MAX_PROPERTIES = 5000;

/** A schema that cannot be used: its message says where and why. */
export class SchemaProblem extends Error {
  override readonly name = 'SchemaProblem';
}

/** A schema's check. */
export interface CompiledSchema {
  readonly schema: Readonly<Record<string, unknown>>;
  readonly validate: ValidateFunction;
}

const options: Options = {
  strict: false,
  logger: false,
  // Each reference is a function of its own: put in place, a few of them make a gigabyte of code.
  inlineRefs: false,
  code: { regExp: Object.assign(regExp, { code: 'new RegExp' }) },
  formats: { ...fullFormats, regex: isPattern },
};

// The two dialects that OpenAI's clients write. What draft 4 writes otherwise, such as `exclusiveMinimum: true`, is
// an error with its place.
const dialects = { modern: new Ajv2020(options), draft7: new Ajv(options) };
const metaSchemas = {
  modern: 'https://json-schema.org/draft/2020-12/schema',
  draft7: 'http://json-schema.org/draft-07/schema#',
};
for (const name of ['modern', 'draft7'] as const) dialects[name].validate(metaSchemas[name], {});

/** @throws {SchemaProblem} */
export function compileSchema(text: string): CompiledSchema {
  const schema: unknown = JSON.parse(text);
  if (!isObject(schema)) throw new SchemaProblem('the schema must be a JSON object');
  if (propertyCount(schema) > MAX_PROPERTIES) {
    throw new SchemaProblem(`the schema has more than ${MAX_PROPERTIES} properties`);
  }
  const dialect = /draft-0[467]/.test(String(schema.$schema)) ? 'draft7' : 'modern';
  const checker = dialects[dialect];
  if (!checker.validate(metaSchemas[dialect], schema)) throw new SchemaProblem(firstFault(checker.errors));
  return { schema, validate: compile(schema, dialect) };
}

function compile(
  schema: Readonly<Record<string, unknown>>,
  dialect: keyof typeof dialects,
): ValidateFunction {
  const Dialect = dialect === 'draft7' ? Ajv : Ajv2020;
  // An instance of its own: one that was stopped half-way is thrown away.
  const ajv = new Dialect({ ...options, meta: false, validateSchema: false, allErrors: true });
  // `$schema` is dealt with; `$async` would make a check that answers later, and so looks passed.
  const left = new Set(['$schema', '$async']);
  const rest = Object.entries(modernised(schema)).filter(([key]) => !left.has(key));
  try {
    return ajv.compile(Object.fromEntries(rest));
  } catch (error) {
    throw asProblem(error, schema);
  }
}

function asProblem(error: unknown, schema: object): unknown {
  if (!(error instanceof Error) || error instanceof RangeError) return error;
  if (error instanceof Ajv.MissingRefError) {
    const reference = missingReference(schema, error.missingRef, error.missingSchema);
    return new SchemaProblem(
      reference.value.startsWith('#')
        ? `${reference.at}: nothing is at ${JSON.stringify(reference.value.slice(0, 200))}`
        : `${reference.at}: ${JSON.stringify(reference.value.slice(0, 200))} is outside of the schema, and nothing is fetched`,
    );
  }
  const pattern = patterns(schema).find(({ value }) => !isPattern(value)) ?? emptyEnum(schema, error);
  const place = pattern ? `${pattern.at}: ` : '';
  return new SchemaProblem(`${place}${error.message.slice(0, 300)}`);
}

/** Where the choices are that ajv misses: its own words name no place. */
function emptyEnum(schema: object, { message }: Error): { readonly at: string } | undefined {
  return message.startsWith('enum ') ? emptyEnums(schema)[0] : undefined;
}

/** The place and fault that the check of a schema found first. */
function firstFault(errors: readonly ErrorObject[] | null | undefined): string {
  const [first] = errors ?? [];
  if (!first) return 'the schema is invalid';
  const allowed = first.keyword === 'enum' ? `: ${JSON.stringify(first.params.allowedValues)}` : '';
  return `${pointer(first.instancePath)}: ${first.message ?? 'is invalid'}${allowed}`;
}

/** Patterns are Unicode's, as JSON Schema wants; those that only older rules allow, such as `\-`, count by these. */
function regExp(pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags);
  } catch {
    return new RegExp(pattern);
  }
}

function isPattern(text: string): boolean {
  try {
    regExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
