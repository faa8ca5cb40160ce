// Knows a repeated request by what was sent, without keeping what was sent.
import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** SHA-256 of the JSON body as it came; absent where there is none. */
    bodyDigest?: Buffer;
  }
}

/** SHA-256 over the method, the route and the body: equal for a request that is sent again. */
export function fingerprint({ method, routeOptions, bodyDigest }: FastifyRequest): Buffer {
  const hash = createHash('sha256').update(`${method} ${routeOptions.url ?? ''}\n`);
  return (bodyDigest ? hash.update(bodyDigest) : hash).digest();
}
