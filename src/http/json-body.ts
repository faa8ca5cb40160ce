// Reads JSON bodies, strictly, before anything else looks at them. Other content types are refused with 415.
import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from '../errors/api-error.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Keeps the body's bytes as they came, for a signature over them. */
    rawBody?: boolean;
  }
  interface FastifyRequest {
    /** The body as it came, on routes that ask for it. */
    rawBody?: Buffer;
  }
}

/** Deeper nesting than any request of OpenAI's API needs; JSON.stringify fails at about 10,000 levels. */
const MAX_DEPTH = 64;

/** More values than any request needs. Each one costs time on the event loop. */
const MAX_VALUES = 100_000;

/** Replaces Fastify's body parsers by one for `application/json`. */
export function registerJsonBody(fastify: FastifyInstance, bodyLimit: number): void {
  fastify.removeAllContentTypeParsers();
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer', bodyLimit },
    (request, body, done) => {
      const refusal = refuse(request, body);
      if (refusal) return done(refusal);
      if (body.length === 0) return done(null, undefined);
      request.bodyDigest = hash('sha256', body, 'buffer');
      if (request.routeOptions.config.rawBody) request.rawBody = body;
      const text = body.toString('utf8');
      void parse(request, text, (error, value) => (error ? done(invalidJson(text)) : done(null, value)));
    },
  );
}

/** What Fastify's parser refuses though it is JSON has a key that would change an object's prototype. */
function invalidJson(text: string): ApiError {
  try {
    JSON.parse(text);
  } catch {
    return new ApiError('invalid_json');
  }
  return new ApiError('invalid_json', {
    message: "The JSON body of your request has a key '__proto__' or 'constructor', which are not taken.",
  });
}

function refuse({ headers }: FastifyRequest, body: Buffer): ApiError | undefined {
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(headers['content-type'] ?? '')?.[1];
  if (charset && !/^(utf-?8|us-ascii)$/i.test(charset)) {
    return new ApiError('unsupported_content_type', { message: 'Unsupported charset: send UTF-8.' });
  }
  const encoding = headers['content-encoding'];
  if (encoding && encoding.toLowerCase() !== 'identity') {
    return new ApiError('unsupported_content_type', {
      message: 'Unsupported content encoding: send the body uncompressed.',
    });
  }
  if (!isUtf8(body))
    return new ApiError('invalid_json', { message: 'The JSON body of your request is not valid UTF-8.' });
  return measure(body);
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Counts nesting and values without parsing: the parser itself would spend seconds on a hostile body. */
function measure(body: Buffer): ApiError | undefined {
  let depth = 0;
  let values = 0;
  let inString = false;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i];
    if (inString) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === COMMA) values++;
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) depth++;
    else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth--;
    if (depth > MAX_DEPTH) {
      return new ApiError('invalid_json', {
        message: `The JSON body of your request is nested too deeply: at most ${MAX_DEPTH} levels are read.`,
      });
    }
    if (values > MAX_VALUES) {
      return new ApiError('invalid_json', { message: 'The JSON body of your request has too many values.' });
    }
  }
  return undefined;
}
