// Lets pages of other origins call the API from a browser, where the operator names them. The admin API stays out.
import cors, { type FastifyCorsOptions, type FastifyCorsOptionsDelegateCallback } from '@fastify/cors';
import { NotFoundException } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { FORM_HEADERS } from '../contracts/inference-headers.js';
import { EVERYWHERE } from './route-table.js';

/** What pages may call. */
const SHARED_PATH = /^\/(?:v1(?:[/?]|$)|openapi\.json(?:\?|$))/;

/** Headers of answers that a page's script may read, besides those that it always may. */
const EXPOSED = [
  'x-request-id',
  'openai-processing-ms',
  'openai-version',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
  'www-authenticate',
  ...Object.keys(FORM_HEADERS),
];

/** What is told to a page that may call. It may send any header: OpenAI's clients send a dozen, and new ones. */
const ALLOWED: FastifyCorsOptions = {
  methods: ['GET', 'POST', 'DELETE'],
  exposedHeaders: EXPOSED,
  maxAge: 600,
};

/**
 * Answers the preflights of these origins' pages and lets them read what they ask for, errors included; `*` is any
 * origin. Does nothing for an empty list. Call it before hooks that refuse requests.
 */
export function registerCors(fastify: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  const allowed = new Set(origins);
  const delegate: FastifyCorsOptionsDelegateCallback = (request, done) =>
    done(null, optionsFor(request, allowed));
  // Called, not registered: its hook would come after those that refuse requests, whose answers would go without it.
  cors(fastify, delegate, () => undefined);
  // Behind all of those hooks, so that who is refused here is counted like any other.
  fastify.addHook('preParsing', ({ routeOptions }, _reply, _payload, done) => {
    // The plugin gives every path a route for OPTIONS, which only preflights are to find.
    done(routeOptions.url === EVERYWHERE ? new NotFoundException() : undefined);
  });
}

function optionsFor(request: FastifyRequest, allowed: ReadonlySet<string>): FastifyCorsOptions {
  const { origin, 'access-control-request-method': preflightFor } = request.headers;
  const any = allowed.has('*');
  if (origin === undefined || !(any || allowed.has(origin)) || !SHARED_PATH.test(request.url)) {
    return { origin: false };
  }
  return { ...ALLOWED, origin: any ? '*' : origin, preflight: preflightFor !== undefined };
}
