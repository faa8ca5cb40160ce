// Knows every route that Fastify serves, to tell an unknown address (404) from a wrong method (405).
import type { FastifyInstance, RouteOptions } from 'fastify';
// Says of a route what its `*` stands for.
import type {} from './rest-of-path.js';

interface Route {
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

/** The path of a route that no caller is meant to find: browsers' preflights are answered before it. */
export const EVERYWHERE = '*';

/** A parameter that may hold slashes, but does not end with one. */
const REST = '.*[^/]';

/** The routes of one server. */
export class RouteTable {
  private readonly routes = new Map<string, Route>();

  /** Watches `fastify` for routes; call it before any is registered. */
  watch(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', (route) => this.add(route));
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

  private add({ url, method, config }: RouteOptions): void {
    if (url === EVERYWHERE) return;
    const path = config?.rest === undefined ? url : url.replace(/\*$/, `:${config.rest}`);
    const tail = config?.rest === undefined ? '.*' : REST;
    const route = this.routes.get(path) ?? { pattern: toPattern(url, tail), methods: new Set() };
    for (const name of [method].flat()) route.methods.add(name);
    this.routes.set(path, route);
  }
}

/** A Fastify path with `:parameters` as a regular expression; `tail` is that of its `*`. */
function toPattern(url: string, tail: string): RegExp {
  const source = url
    .split('/')
    .map((part) =>
      part.startsWith(':') ? '[^/]+' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace('*', tail),
    )
    .join('/');
  return new RegExp(`^${source}$`);
}
