// The sandbox's own doors, for processes that did not start it: its bill, its log, its faults, its pictures.
// They ask for no token; the sandbox listens on loopback only.
import type { FastifyInstance } from 'fastify';
import { readFaults } from '../faults/faults.wire.js';
import { pictureFile, pictureNames } from '../pictures/picture-gallery.js';
import { resetState, type SandboxState } from './sandbox-state.js';

/** Adds `/sandbox/bill`, `/requests`, `/deliveries`, `/faults` and `/reset` below it, and `/pictures`. */
export function addControlRoutes(app: FastifyInstance, state: SandboxState): void {
  app.get('/sandbox/bill', () => state.bill.read());
  app.get('/sandbox/requests', () => ({ requests: state.log.items }));
  app.get('/sandbox/deliveries', () => ({ deliveries: state.webhooks.deliveries }));
  app.post('/sandbox/faults', (request, reply) => {
    try {
      state.script.add(readFaults(request.body));
    } catch (error) {
      if (error instanceof TypeError) return reply.code(400).send({ detail: error.message });
      throw error;
    }
    return { waiting: state.script.waiting };
  });
  app.post('/sandbox/reset', (_request, reply) => {
    resetState(state);
    return reply.code(204).send();
  });
  app.get('/pictures', () => ({ pictures: pictureUrls(state.origin) }));
  app.get<{ Params: { name: string } }>('/pictures/:name', async ({ params }, reply) => {
    const picture = await pictureFile(params.name);
    if (!picture) return reply.code(404).send({ detail: `There is no picture ${params.name}` });
    return reply.type(picture.mediaType).send(picture.bytes);
  });
}

/** The pictures that the sandbox serves: name to URL. */
export function pictureUrls(origin: string): Record<string, string> {
  return Object.fromEntries(pictureNames.map((name) => [name, `${origin}/pictures/${name}`]));
}
