// Sends answers: sound ones, refusals, and those that a fault damages.
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { faultProblem } from '../faults/fault-problem.js';
import type { Damage, RedirectFault, ResetBeforeReadFault, StatusFault } from '../faults/fault.js';
import type { Problem } from '../problem.js';

const JSON_TYPE = 'application/json';

/** How many pieces a slow body comes in, and how large the pieces of a huge one are. */
const SLOW_PIECES = 20;
const HUGE_PIECE = 64 * 1024;

/** Sends a body as JSON with the status that the reply has, damaged as asked. */
export function sendDamaged(
  request: FastifyRequest,
  reply: FastifyReply,
  body: object,
  damage: Damage,
): FastifyReply {
  if (damage.reset) return resetConnection(request, reply);
  if (damage.headersNever) return reply.hijack();
  const text = JSON.stringify(damage.missingId ? { ...body, id: undefined } : body);
  if (damage.cutBody) return cut(request, reply, text);
  return reply.type(JSON_TYPE).send(damagedText(text, body, damage, reply));
}

/** Sends a refusal, as bytes: to a text Fastify would add a charset, which Replicate does not. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply
    .code(problem.status)
    .headers(problem.headers)
    .header('content-type', problem.contentType)
    .send(Buffer.from(problem.body));
}

/** Refuses a request in the way that a fault asks for. */
export function refuse(
  request: FastifyRequest,
  reply: FastifyReply,
  fault: StatusFault | ResetBeforeReadFault | RedirectFault,
): FastifyReply {
  if ('status' in fault) return sendProblem(reply, faultProblem(fault));
  if ('redirect' in fault) return reply.code(307).header('location', fault.redirect).send();
  return resetConnection(request, reply);
}

/** Fires when the answer's connection ends, whoever ends it. */
export function closed(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    gone.abort();
  });
  return gone.signal;
}

/** Ends the connection with a TCP reset, without an answer. */
export function resetConnection(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.hijack();
  request.raw.socket.resetAndDestroy();
  return reply;
}

function damagedText(text: string, body: object, damage: Damage, reply: FastifyReply): string | Readable {
  if (damage.truncatedJson) return text.slice(0, Math.floor(text.length / 2));
  if (damage.invalidJson) return 'upstream connect error or disconnect/reset before headers';
  if (damage.bodySlow !== undefined)
    return Readable.from(slowly(text, damage.bodySlow, closed(reply)), { objectMode: false });
  if (damage.hugeBody !== undefined) return Readable.from(huge(body, damage.hugeBody), { objectMode: false });
  return text;
}

/** Promises the whole body, sends half of it, then resets the connection. */
function cut(request: FastifyRequest, reply: FastifyReply, text: string): FastifyReply {
  reply.hijack();
  const { raw } = reply;
  raw.statusCode = reply.statusCode;
  for (const [name, value] of Object.entries(reply.getHeaders())) raw.setHeader(name, value ?? '');
  raw.setHeader('content-type', JSON_TYPE);
  raw.setHeader('content-length', Buffer.byteLength(text));
  raw.write(text.slice(0, Math.floor(text.length / 2)), () => {
    request.raw.socket.resetAndDestroy();
  });
  return reply;
}

async function* slowly(text: string, milliseconds: number, gone: AbortSignal): AsyncGenerator<string> {
  const size = Math.ceil(text.length / SLOW_PIECES);
  for (let at = 0; at < text.length; at += size) {
    yield text.slice(at, at + size);
    await sleep(milliseconds / SLOW_PIECES, undefined, { signal: gone });
  }
}

function* huge(body: object, characters: number): Generator<string> {
  const [before, after] = JSON.stringify({ ...body, logs: LOGS_MARK }).split(LOGS_MARK);
  yield before ?? '';
  for (let left = characters; left > 0; left -= HUGE_PIECE) yield 'x'.repeat(Math.min(left, HUGE_PIECE));
  yield after ?? '';
}

/** Stands where the long text goes; no input contains it by accident. */
const LOGS_MARK = '\u{1F9EA}logs\u{1F9EA}';
