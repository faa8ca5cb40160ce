// Lets the sender of a body that is too large read why. Most clients send their whole body before they read, and a
// connection that is closed under them is all that they would see.
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';

/** How much of a refused body is still read, and thrown away, in bytes. A larger one is cut off. */
const MAX_DISCARDED = 64 * 1024 ** 2;

/** Reads on after a 413, within limits; Node's own request timeout bounds the time. */
export function registerOversizedBody(fastify: FastifyInstance): void {
  fastify.addHook('onSend', (request, reply, _payload, done) => {
    const announced = Number(request.headers['content-length'] ?? 0);
    if (reply.statusCode === 413 && announced <= MAX_DISCARDED) {
      reply.removeHeader('connection');
      discard(request.raw);
    }
    done();
  });
}

function discard(raw: IncomingMessage): void {
  let left = MAX_DISCARDED;
  raw.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) raw.destroy();
  });
  raw.resume();
}
