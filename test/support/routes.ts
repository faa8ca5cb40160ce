// The routes of a gateway as its OpenAPI document tells them, for tests that ask something of each.
import type { TestGateway } from './gateway.js';

/** A schema of the document. */
export interface Schema {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}

interface Operation {
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** One route. */
export interface Route {
  readonly method: string;
  /** With its parameters in braces. */
  readonly path: string;
  /** Names of the parameters in its path. */
  readonly params: readonly string[];
  /** Names of the parameters of its query. */
  readonly query: readonly string[];
  /** Schemas of its body and of its answer when all is well, where they are JSON. */
  readonly body: Schema | undefined;
  readonly answer: Schema | undefined;
}

/** Every route of a gateway, and its schemas. */
export class Routes {
  private constructor(
    readonly all: readonly Route[],
    private readonly schemas: Document['components']['schemas'],
  ) {}

  /** Reads the document that a gateway serves. */
  static async of(gateway: TestGateway): Promise<Routes> {
    const { paths, components }: Document = (await gateway.send('/openapi.json', { key: null })).json;
    const all = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => toRoute(method, path, operation)),
    );
    return new Routes(all, components.schemas);
  }

  /** The properties of an object's schema, with those of the schemas that it refers to. */
  properties(schema: Schema | undefined): Map<string, Schema> {
    if (!schema) return new Map();
    const referred = schema.$ref === undefined ? [] : [this.schemas[schema.$ref.split('/').at(-1) ?? '']];
    return new Map([
      ...[...referred, ...(schema.allOf ?? []), ...(schema.oneOf ?? [])].flatMap((part) => [
        ...this.properties(part),
      ]),
      ...Object.entries(schema.properties ?? {}),
    ]);
  }
}

function toRoute(method: string, path: string, operation: Operation): Route {
  const named = (place: string) =>
    (operation.parameters ?? []).filter((it) => it.in === place).map(({ name }) => name);
  const good = Object.entries(operation.responses).find(([status]) => status.startsWith('2'))?.[1];
  return {
    method: method.toUpperCase(),
    path,
    params: [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name),
    query: named('query'),
    body: operation.requestBody?.content?.['application/json']?.schema,
    answer: good?.content?.['application/json']?.schema,
  };
}

/** A route's address with these parameters. */
export function addressOf({ path }: Pick<Route, 'path'>, params: Readonly<Record<string, string>>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? `no-${name}`);
}
