// Turns away from the providers' doors what carries no signature, before its body is read.
import type { FastifyInstance } from 'fastify';
import { ApiError } from '../errors/api-error.js';

/** Beginning of the routes whose bodies are signed. */
const SIGNED = '/webhooks/';

/** Refuses unsigned requests as soon as their headers are in. */
export function registerEarlyRefusal(fastify: FastifyInstance): void {
  fastify.addHook('preParsing', (request, _reply, _payload, done) => {
    const isSigned = typeof request.headers['webhook-signature'] === 'string';
    const isDoor = request.routeOptions.url?.startsWith(SIGNED) ?? false;
    const isRefused = !request.is404 && isDoor && !isSigned;
    done(isRefused ? new ApiError('webhook_refused') : null);
  });
}
