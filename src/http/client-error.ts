// Answers connections whose bytes are no HTTP request: these never reach a route, a hook or the filter.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { ApiError } from '../errors/api-error.js';
import type { ErrorName } from '../errors/catalogue.js';
import { errorBody } from './error-answer.js';
import { REQUEST_ID_HEADER, requestId } from './request-id.js';

const REASONS: Readonly<Record<string, ErrorName>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
};

const PHRASES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

/** The latest request of each connection. */
const latest = new WeakMap<Socket, IncomingMessage>();

/** Remembers a connection's latest request; call it as soon as its head is in. */
export function noteRequest(request: IncomingMessage): void {
  latest.set(request.socket, request);
}

/**
 * Fastify's `clientErrorHandler`: one answer in OpenAI's shape, then the connection ends.
 *
 * @param onTold told of the error that was answered
 */
export function answerClientError(
  error: Error & { code?: string },
  socket: Socket,
  onTold: (told: ApiError) => void,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  // A request whose head came through has an answer of its own: a second one would be taken for the next request's.
  if (latest.get(socket)?.complete === false) return void socket.destroySoon();
  const answer = new ApiError(REASONS[error.code ?? ''] ?? 'bad_http');
  onTold(answer);
  const body = JSON.stringify(errorBody(answer));
  socket.end(
    [
      `HTTP/1.1 ${answer.status} ${PHRASES[answer.status] ?? 'Error'}`,
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      `${REQUEST_ID_HEADER}: ${requestId({ headers: {} })}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
