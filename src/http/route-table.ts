// Knows every route that Fastify serves, to tell an unknown address (404) from a wrong method (405).
import type { FastifyInstance, HTTPMethods } from 'fastify';

interface Route {
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

/** The routes of one server. */
export class RouteTable {
  private readonly routes = new Map<string, Route>();

  /** Watches `fastify` for routes; call it before any is registered. */
  watch(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ url, method }) => this.add(url, method));
  }

  /** Every route, as `METHOD /path/:parameter`, sorted. */
  list(): string[] {
    return [...this.routes]
      .flatMap(([url, { methods }]) => [...methods].map((method) => `${method} ${url}`))
      .sort();
  }

  /** Methods that `path` would answer to, sorted; empty for an unknown path. */
  allowedMethods(path: string): string[] {
    const methods = new Set<string>();
    for (const route of this.routes.values()) {
      if (route.pattern.test(path)) for (const method of route.methods) methods.add(method);
    }
    return [...methods].sort();
  }

  private add(url: string, method: HTTPMethods | HTTPMethods[]): void {
    const route = this.routes.get(url) ?? { pattern: toPattern(url), methods: new Set() };
    for (const name of [method].flat()) route.methods.add(name);
    this.routes.set(url, route);
  }
}

/** A Fastify path with `:parameters` and `*` as a regular expression. */
function toPattern(url: string): RegExp {
  const source = url
    .split('/')
    .map((part) =>
      part.startsWith(':') ? '[^/]+' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace('*', '.*'),
    )
    .join('/');
  return new RegExp(`^${source}$`);
}
