// For specs: holds a body to its contract as a request's is held, without a server.
import type { Type } from '@nestjs/common';
import { ApiError } from '../errors/api-error.js';
import { RequestValidationPipe } from './request-validation.pipe.js';

const pipe = new RequestValidationPipe();

/** The body as the controller is given it. */
export function validated<Contract extends object>(contract: Type<Contract>, body: unknown): Contract {
  return pipe.transform(body, { type: 'body', metatype: contract }) as Contract;
}

/** What a reader of requests throws, which has to be an ApiError; undefined where it throws nothing. */
export function refusalOf(read: () => unknown): ApiError | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw new Error('a request has made the gateway throw', { cause: error });
  }
}
