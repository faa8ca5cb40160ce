// Rules of HTTP itself that neither Node nor Fastify answers in OpenAI's shape. Holds no rule of ours.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { NotFoundException } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../errors/api-error.js';
import { noteRequest } from './client-error.js';
import { errorBody, errorHeaders, toApiError } from './error-answer.js';
import { REQUEST_ID_HEADER, requestId } from './request-id.js';

/** Closes the connection after the answer: what follows on it cannot be trusted to be a request. */
const CLOSE = { headers: { connection: 'close' } };

/**
 * Refuses requests that HTTP forbids, and bodies that have nowhere to go.
 *
 * @param onTold told of errors that are answered past Fastify, of which nothing else knows
 */
export function registerWireRules(fastify: FastifyInstance, onTold: (told: ApiError) => void): void {
  fastify.addHook('onRequest', ({ raw }, _reply, done) => {
    noteRequest(raw);
    const { host, 'transfer-encoding': coding } = raw.headers;
    const isLegal = (host !== undefined || raw.httpVersion === '1.0') && (coding ?? 'chunked') === 'chunked';
    done(isLegal ? undefined : new ApiError('bad_http', CLOSE));
  });
  fastify.addHook('preParsing', (request, _reply, _payload, done) => {
    // The router found no route. Said now, before megabytes are read for nobody.
    done(request.is404 ? new NotFoundException() : null);
  });
  fastify.server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const error = new ApiError('expectation_failed', CLOSE);
    onTold(error);
    const body = JSON.stringify(errorBody(error));
    response.writeHead(error.status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      [REQUEST_ID_HEADER]: requestId(request),
      ...errorHeaders(error),
    });
    response.end(body);
  });
}

/**
 * Fastify's `frameworkErrors`: addresses that its router refuses before any hook runs.
 *
 * @returns the error that was answered
 */
export function answerFrameworkError(thrown: Error, request: FastifyRequest, reply: FastifyReply): ApiError {
  const error = toApiError(thrown);
  void reply
    .status(error.status)
    .headers({ [REQUEST_ID_HEADER]: request.id, ...errorHeaders(error) })
    .send(errorBody(error));
  return error;
}
