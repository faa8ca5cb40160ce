// What every request passes before its route: the log, early resets, the token.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { logEntry } from '../request-log.js';
import { accountIn, refusal } from './authentication.js';
import type { RateHeaders } from './rate-headers.js';
import { resetConnection, sendProblem } from './replies.js';
import type { SandboxState } from './sandbox-state.js';

/** Logs a context's requests and lets those with a token through; with `rates`, under rate limit headers. */
export function addGate(api: FastifyInstance, state: SandboxState, rates?: RateHeaders): void {
  const entries = new WeakMap<FastifyRequest, ReturnType<typeof logEntry>>();
  api.addHook('onRequest', (request, reply, done) => {
    const refused = refusal(request.headers.authorization, state.settings.token);
    const entry = logEntry(request, refused ? 'refused' : 'accepted', accountOfCaller(request));
    entries.set(request, entry);
    state.log.add(entry);
    const isReset = isCreate(request) && state.script.takeResetBeforeRead();
    if (isReset) resetConnection(request, reply);
    else if (refused) sendProblem(reply, refused);
    else {
      if (rates) reply.headers(rates.next(isCreate(request) ? 'create' : 'other'));
      done();
    }
  });
  api.addHook('preHandler', (request, _reply, done) => {
    const entry = entries.get(request);
    if (entry && request.body !== undefined) entry.body = request.body;
    done();
  });
}

/** Logs the requests of a context that asks for no token. */
export function addLog(open: FastifyInstance, state: SandboxState): void {
  open.addHook('onRequest', (request, _reply, done) => {
    state.log.add(logEntry(request, 'present'));
    done();
  });
}

/** The account of who has passed the gate. */
export function accountOfCaller({ headers }: FastifyRequest): string {
  return accountIn(headers.authorization) ?? '';
}

function isCreate({ method, routeOptions }: FastifyRequest): boolean {
  return method === 'POST' && routeOptions.url?.endsWith('/predictions') === true;
}
