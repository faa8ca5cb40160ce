// Puts the routes on one HTTP server, behind what every request meets first: the log, early resets, the
// token.
import { fastify, type FastifyInstance, type FastifyRequest } from 'fastify';
import { notFound } from '../problem.js';
import type { LoggedRequest } from '../request-log.js';
import { refusal } from './authentication.js';
import { addControlRoutes } from './control.routes.js';
import { addCreateRoutes } from './create.routes.js';
import { addModelRoutes } from './models.routes.js';
import { addPredictionRoutes } from './predictions.routes.js';
import { RateHeaders } from './rate-headers.js';
import { resetConnection, sendProblem } from './replies.js';
import type { SandboxState } from './sandbox-state.js';

/** Room for pictures inside inputs. */
const LARGEST_BODY = 32 * 1024 * 1024;

type Logged = { -readonly [Field in keyof LoggedRequest]: LoggedRequest[Field] };

/** The server, not yet listening. Closing it ends every connection at once. */
export async function buildServer(state: SandboxState): Promise<FastifyInstance> {
  const app = fastify({ bodyLimit: LARGEST_BODY, forceCloseConnections: true });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, text, done) => {
    done(null, parsed(String(text)));
  });
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, notFound));
  addControlRoutes(app, state);
  await app.register(
    (api, _options, done) => {
      addGate(api, state);
      addCreateRoutes(api, state);
      addPredictionRoutes(api, state);
      addModelRoutes(api);
      done();
    },
    { prefix: '/v1' },
  );
  return app;
}

/** What every API request passes before its route. */
function addGate(api: FastifyInstance, state: SandboxState): void {
  const rates = new RateHeaders(state.settings.clock);
  const entries = new WeakMap<FastifyRequest, Logged>();
  api.addHook('onRequest', (request, reply, done) => {
    const { authorization } = request.headers;
    const refused = refusal(authorization, state.settings.token);
    const entry = logged(request, refused === undefined);
    entries.set(request, entry);
    state.log.add(entry);
    const isReset = isCreate(request) && state.script.takeResetBeforeRead();
    if (isReset) resetConnection(request, reply);
    else if (refused) sendProblem(reply, refused);
    else {
      reply.headers(rates.next(isCreate(request) ? 'create' : 'other'));
      done();
    }
  });
  api.addHook('preHandler', (request, _reply, done) => {
    const entry = entries.get(request);
    if (entry && request.body !== undefined) entry.body = request.body;
    done();
  });
}

function isCreate({ method, routeOptions }: FastifyRequest): boolean {
  return method === 'POST' && routeOptions.url?.endsWith('/predictions') === true;
}

function logged(request: FastifyRequest, accepted: boolean): Logged {
  const { authorization, ...headers } = request.headers;
  return {
    method: request.method,
    path: request.url,
    headers: {
      ...(headers as Record<string, string | undefined>),
      ...(authorization !== undefined && { authorization: accepted ? 'accepted' : 'refused' }),
    },
    time: Date.now(),
  };
}

/**
 * JSON where it is JSON, the text where it is not, nothing for an empty body: cancels come with a type and no
 * body.
 */
function parsed(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
