// Streams the output of predictions as server-sent events. No token is asked for: the address is enough.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { PredictionRun } from '../predictions/prediction-run.js';
import { notFound } from '../problem.js';
import { errorEvent } from '../streams/event.wire.js';
import { StreamConnection } from '../streams/stream-connection.js';
import { seenUntil } from '../streams/stream-events.js';
import { StreamWriter } from '../streams/stream-writer.js';
import { refuse, sendProblem } from './replies.js';
import type { SandboxState } from './sandbox-state.js';

/** Adds `GET /streams/{name}`. */
export function addStreamRoutes(open: FastifyInstance, state: SandboxState): void {
  open.get<{ Params: { name: string } }>('/streams/:name', (request, reply) => {
    const run = state.store.ofStream(request.params.name);
    return run ? stream(state, run, request, reply) : sendProblem(reply, notFound);
  });
}

function stream(
  state: SandboxState,
  run: PredictionRun,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const fault = run.takeFault('onStream');
  if (fault && 'status' in fault) return refuse(request, reply, fault);
  if (fault?.kind === 'none') return sendProblem(reply, notFound);
  reply.hijack();
  const connection = new StreamConnection(reply.raw, state.settings.streamIdle);
  state.streams.add(connection);
  const { clock, retention } = state.settings;
  const seen = seenUntil(request.headers['last-event-id']);
  void new StreamWriter(connection, fault).run({ run, clock, retention }, seen).catch((error: unknown) => {
    connection.end(errorEvent(`The sandbox failed: ${String(error)}`));
  });
  return reply;
}
