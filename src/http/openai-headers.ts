// Headers that OpenAI's API puts on each of its answers, success or error, and so do we below `/v1`.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** The version of OpenAI's API, the only one there has been. */
const OPENAI_VERSION = '2020-10-01';

const OPENAI_PATH = /^\/v1(?:[/?]|$)/;

/** Paths that want a credential, which a 401 has to say: https://www.rfc-editor.org/rfc/rfc6750#section-3 */
const GUARDED_PATH = /^\/(?:v1|admin|metrics)(?:[/?]|$)/;

/** Puts the headers on every answer that Fastify sends. */
export function registerOpenAiHeaders(fastify: FastifyInstance): void {
  fastify.addHook('onSend', (request, reply, _payload, done) => {
    setOpenAiHeaders(request, reply);
    done();
  });
  // Fastify notes when a request came in only where somebody listens for its end.
  fastify.addHook('onResponse', (_request, _reply, done) => done());
}

/**
 * Sets the headers of one answer; for answers that pass by Fastify's hooks. The time is the one until now, when the
 * head is about to be sent: a stream's answer begins with its first event.
 */
export function setOpenAiHeaders(request: FastifyRequest, reply: FastifyReply): void {
  const path = pathOf(request);
  if (reply.statusCode === 401 && GUARDED_PATH.test(path)) void reply.header('www-authenticate', 'Bearer');
  if (!OPENAI_PATH.test(path)) return;
  void reply.header('openai-version', OPENAI_VERSION);
  void reply.header('openai-processing-ms', String(Math.round(reply.elapsedTime)));
}

/** The route's own path, where there is one: a caller may have spelled it otherwise. */
function pathOf({ routeOptions, url }: FastifyRequest): string {
  return routeOptions.url?.startsWith('/') ? routeOptions.url : url;
}
