// Lets a controller answer with a stream of frames: returned from a handler, it is sent as server-sent events.
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Translator, toApiError } from './error-answer.js';
import { logError } from './error-log.js';
import { eventStream } from './event-stream.js';
import type {} from './request-facts.js';

/** What all event streams of a server have in common. */
export interface EventStreamSettings {
  /** The longest silence on a stream, in milliseconds; then follows a comment. */
  readonly heartbeatMs: number;
  /** How long a reader may leave a chunk unread before the connection is cut, in milliseconds; 30 s if absent. */
  readonly stallMs?: number;
  /** As the error filter has it. */
  readonly translate: Translator;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** How this server writes event streams. */
    eventStreams: EventStreamSettings;
  }
}

/** Makes the answer out of frames, each of which becomes one line of JSON. Nothing is read of them before it is sent. */
export type EventStream = (frames: AsyncIterable<object>) => AsyncGenerator<string, void, undefined>;

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  // Else nginx collects an answer before it passes it on.
  'x-accel-buffering': 'no',
};

/** Parameter of type {@link EventStream}. The headers are set with the first chunk, so that errors before it are JSON. */
export const TheEventStream = createParamDecorator((_: unknown, context: ExecutionContext): EventStream => {
  const http = context.switchToHttp();
  const request = http.getRequest<FastifyRequest>();
  const reply = http.getResponse<FastifyReply>();
  const { translate, ...times } = request.server.eventStreams;
  return (frames) =>
    eventStream(frames, {
      ...times,
      onStart: () => {
        request.isStreamed = true;
        void reply.headers(HEADERS);
      },
      onStalled: () => void reply.raw.destroy(),
      onError: (thrown) => {
        const error = toApiError(thrown, translate);
        request.failure = error;
        logError(error, request.id);
        return error;
      },
    });
});
