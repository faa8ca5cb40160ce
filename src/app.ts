// Puts the application together: for the server, the tests and the document's export alike.
import 'reflect-metadata';
import type { Socket } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppModule, type ReadySettings } from './app.module.js';
import { Authenticator } from './auth/authenticator.service.js';
import { registerEarlyAuthentication } from './auth/early-authentication.js';
import { Revocations } from './auth/revocations.service.js';
import { isDatabaseUnavailable } from './database/unavailable.js';
import { ApiError } from './errors/api-error.js';
import { registerMultipart } from './files/multipart.js';
import { accessLine } from './http/access-log.js';
import { answerClientError } from './http/client-error.js';
import { registerCors } from './http/cors.js';
import { ErrorFilter } from './http/error.filter.js';
import { InFlight } from './http/in-flight.js';
import { registerJsonBody } from './http/json-body.js';
import { registerOpenAiHeaders, setOpenAiHeaders } from './http/openai-headers.js';
import { buildDocument, type DocumentOptions, serveDocument } from './http/openapi.js';
import { registerOversizedBody } from './http/oversized-body.js';
import { REQUEST_ID_HEADER, requestId } from './http/request-id.js';
import { registerTracing, requestEnded, watchInFlight } from './http/request-telemetry.js';
import { RequestValidationPipe } from './http/request-validation.pipe.js';
import { RouteTable } from './http/route-table.js';
import { answerFrameworkError, registerWireRules } from './http/wire-rules.js';
import { ModelCatalogue } from './models/catalogue.service.js';
import type { JsonLogger } from './observability/json-logger.js';
import { openTelemetry } from './telemetry/open-telemetry.js';
import { registerEarlyRefusal } from './webhooks/early-refusal.js';

/** What an application is built with. */
export interface AppOptions extends DocumentOptions {
  readonly settings: ReadySettings;
  /** False for silence. */
  readonly logger: JsonLogger | false;
}

/** An application that is ready to listen. */
export interface App {
  readonly nest: NestFastifyApplication;
  readonly inFlight: InFlight;
  readonly routes: RouteTable;
}

/** Builds the application; does not listen. */
export async function createApp({ settings, logger, ...document }: AppOptions): Promise<App> {
  const telemetry = await openTelemetry(settings.traces);
  const onTold = ({ reason }: ApiError) => telemetry.metrics.errors.inc({ code: reason });
  const adapter = createAdapter(settings, onTold);
  const fastify = adapter.getInstance();
  const inFlight = new InFlight();
  const routes = new RouteTable();
  routes.watch(fastify);
  fastify.decorate('inFlight', inFlight);
  fastify.decorate('eventStreams', {
    heartbeatMs: settings.streamHeartbeatMs,
    translate: translateDatabaseError,
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.header(REQUEST_ID_HEADER, request.id);
    done();
  });
  registerOpenAiHeaders(fastify);
  registerCors(fastify, settings.corsOrigins);
  inFlight.watch(fastify, (request, reply) => {
    const line = accessLine(request, reply);
    requestEnded(telemetry, request, reply, line);
    if (logger) logger.access(line);
  });
  watchInFlight(telemetry, inFlight);
  // Behind what ends spans: where a preflight is answered before it, none begins.
  registerTracing(fastify, telemetry);
  registerWireRules(fastify, onTold);
  registerOversizedBody(fastify);
  registerJsonBody(fastify, settings.bodyLimit);
  registerMultipart(fastify);
  const nest = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(settings, telemetry, inFlight),
    adapter,
    {
      logger,
      bodyParser: false,
      forceCloseConnections: true,
      abortOnError: false,
    },
  );
  telemetry.metrics.reserveModels(
    nest
      .get(ModelCatalogue)
      .list()
      .map(({ id }) => id),
  );
  registerEarlyAuthentication(fastify, nest.get(Authenticator));
  nest.get(Revocations).watch(inFlight);
  registerEarlyRefusal(fastify);
  nest.useGlobalPipes(new RequestValidationPipe());
  nest.useGlobalFilters(new ErrorFilter(routes, translateDatabaseError));
  serveDocument(nest, buildDocument(nest, document));
  await nest.init();
  await fastify.ready();
  return { nest, inFlight, routes };
}

/** A caller's key may be good though the database cannot tell: never a 401, which makes clients drop the key. */
function translateDatabaseError(thrown: unknown): ApiError | undefined {
  return isDatabaseUnavailable(thrown)
    ? new ApiError('database_unavailable', { cause: thrown, retryAfterMs: 1000 })
    : undefined;
}

function createAdapter(
  { bodyLimit, trustedProxies, keepAliveTimeoutMs }: ReadySettings,
  onTold: (told: ApiError) => void,
): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit,
    genReqId: requestId,
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    clientErrorHandler: (error: Error & { code?: string }, socket: Socket) =>
      answerClientError(error, socket, onTold),
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      setOpenAiHeaders(request, reply);
      onTold(answerFrameworkError(error, request, reply));
    },
    // Longer than what is in front of us keeps it, so that it is they who close.
    keepAliveTimeout: keepAliveTimeoutMs,
    // Times for a request to arrive, not for its answer to leave. Node checks them at the interval below.
    requestTimeout: 60_000,
    http: {
      headersTimeout: 15_000,
      connectionsCheckingInterval: 5000,
      // A hook of ours checks it, and answers in OpenAI's shape.
      requireHostHeader: false,
      // Finds callers who have gone without a word.
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
    },
    // Nothing here uses Nest middleware: authentication there could be bypassed, and it costs time.
    skipMiddie: true,
  });
}
