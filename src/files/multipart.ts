// Lets routes that say so take multipart/form-data; every other route goes on to answer 415. The body is read
// whole and bounded before it is parsed: streaming parsers bound their parts, and not what stands around them.
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from '../errors/api-error.js';
import { MAX_IMAGE_BYTES } from '../images/image-limits.js';
import { FormDataError } from './form-data-error.js';
import { type FormFields, parseFormData } from './form-data.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Takes multipart/form-data: the body becomes an object of texts and `FormFile`s. */
    multipart?: boolean;
  }
}

/** The largest file, and room for boundaries, headers and the few other fields. */
const MAX_BODY = MAX_IMAGE_BYTES + 64 * 1024;

const LIMITS = { maxParts: 8, maxHead: 8192, maxText: 1024 };

/** What is left of the body is not read, so that the connection cannot be used again. */
const CLOSE = { headers: { connection: 'close' } };

/** Adds the parser; call it once the JSON parser is registered, which removes all others. */
export function registerMultipart(fastify: FastifyInstance): void {
  fastify.addContentTypeParser('multipart/form-data', readForm);
}

async function readForm(request: FastifyRequest, payload: Readable): Promise<FormFields> {
  const { headers, routeOptions } = request;
  if (routeOptions.config.multipart !== true) throw new ApiError('unsupported_content_type');
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    const message = 'Unsupported content encoding: send the body uncompressed.';
    throw new ApiError('unsupported_content_type', { message });
  }
  const body = await readBody(payload, Number(headers['content-length'] ?? 0));
  try {
    return parseFormData(body, headers['content-type'] ?? '', LIMITS);
  } catch (error) {
    throw error instanceof FormDataError ? toApiError(error) : error;
  }
}

async function readBody(payload: Readable, announced: number): Promise<Buffer> {
  if (announced > MAX_BODY) throw new ApiError('request_too_large', CLOSE);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // Not destroyed on the way out: the connection still has to carry the answer.
    for await (const chunk of payload.iterator({ destroyOnReturn: false })) {
      size += (chunk as Buffer).length;
      if (size > MAX_BODY) throw new ApiError('request_too_large', CLOSE);
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    throw error instanceof ApiError ? error : new ApiError('client_closed_request', { cause: error });
  }
  return Buffer.concat(chunks, size);
}

function toApiError({ message, field }: FormDataError): ApiError {
  return new ApiError('bad_http', {
    message: `We could not parse the multipart body of your request: ${message}.`,
    ...(field !== undefined && { param: field.slice(0, 100) }),
  });
}
