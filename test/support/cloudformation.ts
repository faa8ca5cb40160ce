// CloudFormation's templates as data: read with their short forms, walked, and resolved as a deploy would. What the
// schemas say of them is in cloudformation-schemas.ts.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type CollectionTag,
  isSeq,
  parse,
  parseDocument,
  type ScalarTag,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';

/** A resource of a template. */
export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly [attribute: string]: unknown;
}

/** A parameter of a template. */
export interface Parameter {
  readonly Type: string;
  readonly Default?: unknown;
  readonly AllowedPattern?: string;
  readonly AllowedValues?: readonly unknown[];
}

/** A template, with functions in their long form: `{ Ref: … }`, `{ 'Fn::If': […] }`. */
export interface Template {
  readonly Parameters?: Readonly<Record<string, Parameter>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Globals?: { readonly Function?: Readonly<Record<string, unknown>> };
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown; readonly Condition?: string }>>;
}

const FUNCTIONS = ['Equals', 'GetAtt', 'If', 'Join', 'Not', 'And', 'Or', 'Select', 'Split', 'Sub'] as const;

/** A function of CloudFormation, as a key. */
export const isFunction = (key: string): boolean =>
  key === 'Ref' || key === 'Condition' || key.startsWith('Fn::');

const longForm = (name: string): string => (name === 'Ref' ? name : `Fn::${name}`);

const tags: (ScalarTag | CollectionTag)[] = ['Ref', ...FUNCTIONS].flatMap((name) => [
  {
    tag: `!${name}`,
    resolve: (text: string) => ({
      [longForm(name)]: name === 'GetAtt' ? [text.split('.')[0], text.split('.').slice(1).join('.')] : text,
    }),
  },
  {
    tag: `!${name}`,
    collection: 'seq',
    resolve: (value: YAMLSeq | YAMLMap) => (isSeq(value) ? wrapped(longForm(name), value) : value),
  },
]);

function wrapped(name: string, value: YAMLSeq): unknown {
  return {
    toJSON: (_key: unknown, context: unknown) => ({ [name]: value.toJSON(undefined, context as never) }),
  };
}

/** Reads the text of a template. @throws where it is no YAML, or has a function that none of ours uses */
export function parseTemplate(text: string): Template {
  const read = parse(text, { customTags: tags as never, strict: true, logLevel: 'error' }) as unknown;
  // Through JSON, so that nothing but plain data is left.
  return JSON.parse(JSON.stringify(read)) as Template;
}

/** Names that YAML gives parts of a document, or calls them by: `&a` and `*a`. CloudFormation refuses both. */
export function anchorsOf(text: string): string[] {
  const found: string[] = [];
  visit(parseDocument(text, { logLevel: 'silent' }), {
    Alias: (_, { source }) => void found.push(`*${source}`),
    Collection: (_, { anchor }) => void (anchor && found.push(`&${anchor}`)),
    Scalar: (_, { anchor }) => void (anchor && found.push(`&${anchor}`)),
  });
  return found;
}

/** A template of the project, by its path in it. */
export function readTemplate(path: string): Template {
  return parseTemplate(readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8'));
}

/** The resources as they are with what `Globals` has for them, which SAM merges into each function. */
export function resourcesOf({ Globals, Resources }: Template): Record<string, Resource> {
  const shared = Globals?.Function ?? {};
  return Object.fromEntries(
    Object.entries(Resources).map(([id, resource]) => [
      id,
      resource.Type === 'AWS::Serverless::Function'
        ? { ...resource, Properties: merged(shared, resource.Properties ?? {}) }
        : resource,
    ]),
  );
}

function merged(shared: Readonly<Record<string, unknown>>, own: Readonly<Record<string, unknown>>) {
  const result: Record<string, unknown> = { ...shared, ...own };
  for (const key of Object.keys(own)) {
    if (isRecord(shared[key]) && isRecord(own[key]) && !Object.keys(own[key]).some(isFunction))
      result[key] = merged(shared[key], own[key]);
  }
  return result;
}

/** Whether a value is an object with keys. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The function that a value is, and what it is given; undefined for plain data. */
export function functionOf(value: unknown): readonly [name: string, given: unknown] | undefined {
  if (!isRecord(value)) return undefined;
  const entries = Object.entries(value);
  const [entry] = entries;
  return entries.length === 1 && entry && isFunction(entry[0]) ? entry : undefined;
}

/** What a deploy knows when it resolves a template. */
export interface Deployed {
  readonly parameters: Readonly<Record<string, string>>;
  /** What `Ref` and `Fn::GetAtt` give, by `Id` and `Id.Attribute`, and pseudo parameters. */
  readonly values: Readonly<Record<string, string>>;
}

const NOTHING = Symbol('AWS::NoValue');

/** A value with every function carried out. @throws for what is not known */
export function resolve(template: Template, value: unknown, deployed: Deployed): unknown {
  const result = resolveOne(value);
  return result === NOTHING ? undefined : result;

  function resolveOne(given: unknown): unknown {
    const call = functionOf(given);
    if (call) return carryOut(call[0], call[1]);
    if (Array.isArray(given)) return given.map(resolveOne).filter((it) => it !== NOTHING);
    if (!isRecord(given)) return given;
    const entries = Object.entries(given).map(([key, it]) => [key, resolveOne(it)] as const);
    return Object.fromEntries(entries.filter(([, it]) => it !== NOTHING));
  }

  function carryOut(name: string, given: unknown): unknown {
    const list = Array.isArray(given) ? given : [];
    if (name === 'Ref') return refer(String(given));
    if (name === 'Fn::GetAtt') return refer(list.join('.'));
    if (name === 'Fn::If') return resolveOne(holds(String(list[0])) ? list[1] : list[2]);
    if (name === 'Fn::Equals') return String(resolveOne(list[0])) === String(resolveOne(list[1]));
    if (name === 'Fn::Not') return resolveOne(list[0]) !== true;
    if (name === 'Fn::Join') return (resolveOne(list[1]) as string[]).join(String(list[0]));
    if (name === 'Fn::Split') return String(resolveOne(list[1])).split(String(list[0]));
    if (name === 'Fn::Select') return (resolveOne(list[1]) as unknown[])[Number(list[0])];
    if (name === 'Fn::Sub')
      return String(given).replace(/\$\{([^}]+)\}/g, (_, id: string) => String(refer(id)));
    throw new Error(`${name} is not known`);
  }

  function holds(condition: string): boolean {
    return resolveOne(template.Conditions?.[condition]) === true;
  }

  function refer(id: string): unknown {
    if (id === 'AWS::NoValue') return NOTHING;
    const parameter = template.Parameters?.[id];
    if (parameter) {
      const given = deployed.parameters[id] ?? parameter.Default;
      if (given === undefined) throw new Error(`the parameter ${id} is missing`);
      return parameter.Type.includes('List') && typeof given === 'string' ? given.split(',') : given;
    }
    const value = deployed.values[id];
    if (value === undefined) throw new Error(`${id} is not known`);
    return value;
  }
}
