// Puts the routes on one HTTP server, in three contexts: the API, its files, and what needs no token.
import { fastify, type FastifyInstance } from 'fastify';
import { notFound } from '../problem.js';
import { addControlRoutes } from './control.routes.js';
import { addCreateRoutes } from './create.routes.js';
import { addDeploymentRoutes } from './deployments.routes.js';
import { addDownloadRoute, addFileRoutes } from './files.routes.js';
import { addGate, addLog } from './gate.js';
import { addModelRoutes } from './models.routes.js';
import { addPredictionRoutes } from './predictions.routes.js';
import { RateHeaders } from './rate-headers.js';
import { sendProblem } from './replies.js';
import type { SandboxState } from './sandbox-state.js';
import { addStreamRoutes } from './streams.routes.js';
import { addWebhookRoutes } from './webhooks.routes.js';

/** Room for pictures inside inputs. */
const LARGEST_BODY = 32 * 1024 * 1024;

/** The server, not yet listening. Closing it ends every connection at once. */
export async function buildServer(state: SandboxState): Promise<FastifyInstance> {
  const app = fastify({ bodyLimit: LARGEST_BODY, forceCloseConnections: true });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, text, done) => {
    done(null, parsed(String(text)));
  });
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, notFound));
  addControlRoutes(app, state);
  await app.register((api, _options, done) => {
    addApi(api, state);
    done();
  }, V1);
  await app.register(async (api) => {
    addGate(api, state);
    await addFileRoutes(api, state);
  }, V1);
  await app.register((open, _options, done) => {
    addLog(open, state);
    addStreamRoutes(open, state);
    addDownloadRoute(open, state);
    done();
  }, V1);
  return app;
}

const V1 = { prefix: '/v1' };

function addApi(api: FastifyInstance, state: SandboxState): void {
  addGate(api, state, new RateHeaders(state.settings.clock));
  addCreateRoutes(api, state);
  addPredictionRoutes(api, state);
  addModelRoutes(api);
  addDeploymentRoutes(api);
  addWebhookRoutes(api, state);
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
