// Lets a controller add headers to an answer that it otherwise returns as a value.
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

/** Sets headers of the answer. */
export type SetHeaders = (headers: Readonly<Record<string, string>>) => void;

/** Parameter of type {@link SetHeaders}. */
export const AnswerHeaders = createParamDecorator((_: unknown, context: ExecutionContext): SetHeaders => {
  const reply = context.switchToHttp().getResponse<FastifyReply>();
  return (headers) => void reply.headers(headers);
});
