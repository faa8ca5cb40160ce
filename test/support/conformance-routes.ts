// Which operation of an OpenAPI document an address belongs to, and which of its schemas an answer.
import type { ApiDocument } from './conformance-schemas.js';

/** The operation of a request, or why there is none. */
export type Found =
  | { readonly path: string; readonly method: string; readonly responses: Responses }
  | 'unknown address'
  | 'unknown method';

/** The answers of an operation, by status, and their bodies' content types. */
export type Responses = Readonly<Record<string, { content?: Readonly<Record<string, unknown>> }>>;

/** The operations of a document, to be found by a request's address. */
export class Operations {
  private readonly routes: readonly { path: string; pattern: RegExp; operations: Record<string, unknown> }[];

  constructor({ paths = {} }: ApiDocument) {
    this.routes = Object.entries(paths)
      // Fixed parts go before parameters, as in every router.
      .sort(([one], [other]) => one.split('{').length - other.split('{').length)
      .map(([path, operations]) => ({ path, pattern: toPattern(path), operations }));
  }

  /** Finds the operation of a method and a path. */
  find(method: string, path: string): Found {
    const matching = this.routes.filter(({ pattern }) => pattern.test(path));
    const name = method.toLowerCase();
    const route = matching.find(({ operations }) => name in operations);
    if (!route) return matching.length > 0 ? 'unknown method' : 'unknown address';
    const { responses } = route.operations[name] as { responses: Responses };
    return { path: route.path, method: name, responses };
  }
}

/** The content type of a response, among the documented ones: `image/*` has every image. */
export function matchContentType(documented: readonly string[], sent: string): string | undefined {
  const [type = ''] = sent.toLowerCase().split(';');
  const [family = ''] = type.split('/');
  return documented.find(
    (known) => known === type.trim() || known === `${family.trim()}/*` || known === '*/*',
  );
}

/** A path's template as a regular expression. The names of models have slashes, which callers send as they are. */
function toPattern(template: string): RegExp {
  const source = template
    .split(/(\{[^}]+\}|\*)/)
    .map((part) =>
      part === '{model}' || part === '*' || part.startsWith('{*')
        ? '.*[^/]'
        : part.startsWith('{')
          ? '[^/]+'
          : part.replace(/[.+?^$()|[\]\\]/g, '\\$&'),
    )
    .join('');
  return new RegExp(`^${source}$`);
}
