// Turns strangers away before their request's body is read. The guard stays the authority: a request that
// passes here, or that has no body, is still the guard's to judge.
import type { FastifyInstance } from 'fastify';
import type { Authenticator } from './authenticator.service.js';

/** Prefixes of the routes that need a credential; a stranger's megabytes are not read for these. */
const GUARDED = /^\/(?:v1|admin)\//;

/** Authenticates requests with a body as soon as their headers are in. */
export function registerEarlyAuthentication(fastify: FastifyInstance, authenticator: Authenticator): void {
  fastify.addHook('preParsing', (request, _reply, _payload, done) => {
    if (request.is404 || !GUARDED.test(request.routeOptions.url ?? '')) return done();
    if (!carriesBody(request.headers)) return done();
    try {
      request.isEarlyKnown = true;
      const principal = authenticator.authenticate(request.headers.authorization, request.ip);
      if (principal instanceof Promise) principal.then(() => done(), done);
      else done();
    } catch (error) {
      done(error as Error);
    }
  });
}

function carriesBody(headers: Record<string, unknown>): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
