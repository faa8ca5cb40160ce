// The checks of test/support/conformance.ts find what they are for: each violation is planted.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Conformance, Exchange } from '../support/conformance-check.js';
import { conformance, conformantFetch, conformantStream, takeSeen } from '../support/conformance.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
let checks: Conformance;
beforeAll(async () => {
  gateway = await startTestGateway();
  checks = conformance();
});
afterAll(() => gateway.close());

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };
const EVENTS = { 'content-type': 'text/event-stream; charset=utf-8' };
const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
const completion = {
  id: 'cmpl-1',
  object: 'text_completion',
  created: 1_755_133_869,
  model: 'm',
  choices: [{ text: 'A red bicycle.', index: 0, logprobs: null, finish_reason: 'stop' }],
  usage,
};
const error = { message: 'No.', type: 'invalid_request_error', param: null, code: 'invalid_value' };

/** What is wrong with an answer to `POST /v1/completions`, changed in parts. */
function wrong(body: unknown, changes: Partial<Exchange> = {}): readonly string[] {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return checks.violations({
    method: 'POST',
    path: '/v1/completions',
    status: 200,
    headers: JSON_TYPE,
    text,
    ...changes,
  });
}

describe('the check of an answer', () => {
  it('lets what both documents describe pass', () => {
    expect(wrong(completion)).toEqual([]);
    expect(wrong({ error }, { status: 400 })).toEqual([]);
  });

  it.each<[string, unknown, Partial<Exchange>, RegExp]>([
    ['a missing field', { ...completion, usage: undefined }, {}, /openapi\.json.*'usage'/],
    ['a field of another type', { ...completion, created: 'now' }, {}, /\/created must be integer/],
    ['a field that nobody documented', { ...completion, secret: 1 }, {}, /openapi\.json.*"secret"/],
    [
      'a missing field deeper inside',
      { ...completion, choices: [{}] },
      {},
      /OpenAI's document: \/choices\/0/,
    ],
    ['a body that is no JSON', '{"id"', {}, /is no JSON/],
    ['an undocumented status', { error }, { status: 418 }, /does not document 418/],
    [
      'an undocumented content type',
      completion,
      { headers: { 'content-type': 'text/plain' } },
      /text\/plain came/,
    ],
    ['no content type', completion, { headers: {} }, /nothing came/],
    ['an undocumented operation', {}, { path: '/v1/engines' }, /unknown address/],
    ['an undocumented method', {}, { method: 'PATCH' }, /unknown method/],
    ['a 404 without its code', { error }, { path: '/v1/engines', status: 404 }, /unknown address/],
    [
      "Nest's own error",
      { statusCode: 400, message: 'No.', error: 'Bad Request' },
      { status: 400 },
      /\/error must be obj/,
    ],
    ['an error without its param', { error: { ...error, param: undefined } }, { status: 400 }, /'param'/],
    [
      'an error that is a page',
      '<html>',
      { status: 502, headers: { 'content-type': 'text/html' } },
      /no JSON/,
    ],
  ])('finds %s', (_, body, changes, complaint) => {
    expect(wrong(body, changes).join('\n')).toMatch(complaint);
  });

  it('knows what a document does not describe, and no more', () => {
    const unknown = { error: { ...error, code: 'unknown_url' } };
    expect(wrong(unknown, { path: '/v1/engines', status: 404 })).toEqual([]);
    expect(
      wrong({ error: { ...error, code: 'method_not_allowed' } }, { method: 'PATCH', status: 405 }),
    ).toEqual([]);
    expect(wrong({ error: { ...error, code: 'request_timeout' } }, { status: 408 })).toEqual([]);
    expect(wrong({ error: 'timeout' }, { status: 408 })).not.toEqual([]);
  });

  it('takes what follows /v1/models/ as the name of one model', () => {
    const model = { id: 'owner/name', object: 'model', created: 0, owned_by: 'owner' };
    const of = (path: string, body: unknown) => wrong(body, { method: 'GET', path });
    expect(of('/v1/models/owner/name', model)).toEqual([]);
    expect(of('/v1/models/owner%2Fname', model)).toEqual([]);
    expect(of('/v1/models/owner/name', { ...model, owned_by: undefined })).toHaveLength(2);
    expect(of('/v1/models', { object: 'list', data: [model] })).toEqual([]);
    expect(of('/v1/models', { object: 'list', data: [{}] })).not.toEqual([]);
    expect(of('/v1/files/a/b', {}).join()).toMatch(/unknown address/);
  });
});

const head = {
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1_755_137_921,
  model: 'm',
  service_tier: 'default',
  system_fingerprint: null,
};
const chunk = (delta: object, finish: string | null = null, index = 0): object => ({
  ...head,
  choices: [{ index, delta, logprobs: null, finish_reason: finish }],
});
const frame = (data: object | string): string =>
  `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
const role = frame(chunk({ role: 'assistant', content: '', refusal: null }));
const text = frame(chunk({ content: 'A red bicycle.' }));
const stop = frame(chunk({}, 'stop'));
const done = frame('[DONE]');
const failure = { error: { ...error, type: 'server_error' } };

describe('the check of a stream', () => {
  const wrongStream = (...frames: string[]) =>
    wrong(frames.join(''), { path: '/v1/chat/completions', headers: EVENTS }).join('\n');

  it.each<[string, string[]]>([
    ['a whole one', [role, text, stop, done]],
    ['one with signs of life', [': keep-alive\n\n', role, ': keep-alive\n\n', text, stop, done]],
    ['one that ends with an error', [role, text, frame(failure)]],
    ['one whose error is named', [role, `event: error\n${frame(failure)}`]],
    ['two choices', [role, frame(chunk({}, 'stop', 1)), stop, done]],
    ['no text', [role, stop, done]],
  ])('lets %s pass', (_, frames) => {
    expect(wrongStream(...frames)).toBe('');
  });

  it.each<[string, string[], RegExp]>([
    ['no [DONE]', [role, text, stop], /ended without \[DONE\]/],
    ['nothing but [DONE]', [done], /before any chunk/],
    ['a frame after [DONE]', [role, stop, done, text], /follows the \[DONE\]/],
    ['[DONE] after an error', [role, frame(failure), done], /follows the error/],
    ['an error of another shape', [role, frame({ error: 'timeout' })], /\(an error\)/],
    ['a chunk without its choices', [frame({ ...head }), done], /'choices'/],
    [
      'a delta with a field of ours',
      [frame(chunk({ thought: 'x' })), stop, done],
      /openapi\.json: .*"thought"/,
    ],
    [
      'a finish that OpenAI does not know',
      [role, frame(chunk({}, 'bored')), done],
      /OpenAI's document: .*finish_reason/,
    ],
    ['a chunk that is no JSON', [role, 'data: {"id"\n\n', stop, done], /is no JSON/],
    ['a named frame without data', [role, 'event: ping\n\n', stop, done], /a name and no data/],
    ['a named frame', [`event: ping\n${role}`, stop, done], /named ping/],
    ['another id', [role, frame({ ...chunk({}, 'stop'), id: 'chatcmpl-2' }), done], /another id/],
    ['a choice that does not finish', [role, text, done], /choices 0 have no finish_reason/],
    ['a choice that goes on after its end', [role, stop, text, done], /had finished/],
  ])('finds %s', (_, frames, complaint) => {
    expect(wrongStream(...frames)).toMatch(complaint);
  });

  it('is there for a text that a test has read itself, also one that was left', () => {
    expect(() => conformantStream(role + text + stop + done)).not.toThrow();
    expect(() => conformantStream(role + text)).toThrow(/ended without/);
    expect(() => conformantStream(role + text, { left: true })).not.toThrow();
  });

  it("knows that a completion's chunks have a usage of null", () => {
    const piece = {
      ...completion,
      usage: null,
      choices: [{ ...completion.choices[0], finish_reason: 'stop' }],
    };
    const last = { ...completion, choices: [] };
    const frames = [frame(piece), frame(last), done].join('');
    expect(wrong(frames, { headers: EVENTS })).toEqual([]);
  });
});

describe('the fetch of a foreign client', () => {
  let server: Server | undefined;
  afterAll(() => server?.close());

  async function serve(listener: RequestListener): Promise<string> {
    server?.close();
    server = createServer(listener).listen(0, '127.0.0.1');
    await new Promise((resolve) => server?.once('listening', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('gives the answer as it is, and notes what is wrong with it', async () => {
    const url = await serve((_, response) => response.writeHead(200, JSON_TYPE).end('{"id":1}'));
    const answer = await conformantFetch(`${url}/v1/completions`, { method: 'post' });
    expect(await answer.json()).toEqual({ id: 1 });
    expect(takeSeen().join('\n')).toMatch(/POST \/v1\/completions → 200: openapi\.json/);
  });

  it('passes a stream on while it comes, and checks each chunk of it', async () => {
    let finish: (() => void) | undefined;
    const url = await serve((_, response) => {
      response.writeHead(200, EVENTS).write(role);
      finish = () => response.end(frame(chunk({ thought: 'x' })) + stop);
    });
    const answer = await conformantFetch(`${url}/v1/chat/completions`, { method: 'POST' });
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    expect(decoder.decode((await reader.read()).value)).toBe(role);
    expect(takeSeen()).toEqual([]);
    finish?.();
    while (!(await reader.read()).done);
    const complaints = takeSeen().join('\n');
    expect(complaints).toMatch(/"thought"/);
    expect(complaints).toMatch(/ended without \[DONE\]/);
  });

  it('asks no end of a stream whose reader leaves', async () => {
    const url = await serve((_, response) => response.writeHead(200, EVENTS).write(role));
    const leaving = new AbortController();
    const answer = await conformantFetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      signal: leaving.signal,
    });
    await (answer.body as ReadableStream<Uint8Array>).getReader().read();
    leaving.abort();
    expect(takeSeen()).toEqual([]);
  });
});
