import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { question, startTestGateway, type TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
afterEach(() => {
  // The heart of this file: nothing bad is ever sent to Replicate.
  expect(gateway.sandbox.requests).toEqual([]);
});

const post = (body: unknown, headers: Record<string, string> = {}) =>
  gateway.send('/v1/completions', { method: 'POST', body, headers });

function expectError(
  answer: { status: number; text: string; headers: object },
  status: number,
  error: object,
): void {
  expect(answer.status, answer.text).toBe(status);
  const body = JSON.parse(answer.text) as { error: Record<string, unknown> };
  expect(Object.keys(body)).toEqual(['error']);
  expect(Object.keys(body.error)).toEqual(['message', 'type', 'param', 'code']);
  expect(body.error).toMatchObject({ type: 'invalid_request_error', ...error });
  expect(body.error.message).not.toMatch(/ at .*\.[jt]s:\d|node_modules|SyntaxError|FST_|undefined|\[object/);
  expect((answer.headers as Record<string, string>)['x-request-id']).toMatch(/^req_[0-9a-f]{32}$/);
}

describe('a body that is no question', () => {
  it('is refused when there is none', async () => {
    expectError(await gateway.send('/v1/completions', { method: 'POST' }), 400, { code: 'invalid_type' });
  });

  it.each([
    ['null', 'null'],
    ['[]', 'an array'],
    ['"text"', 'a string'],
    ['42', 'an integer'],
    ['true', 'a boolean'],
  ])('is refused when it is %s', async (body, name) => {
    const answer = await post(body);
    expectError(answer, 400, { code: 'invalid_type', param: null });
    expect(answer.text).toContain(`but got ${name} instead`);
  });

  it.each([
    '',
    ' ',
    '{',
    '{"prompt":}',
    "{'prompt':'x'}",
    '{"prompt":"x"}}',
    '{"__proto__":{"x":1},"prompt":"x"}',
    '{"constructor":{"prototype":{"x":1}}}',
    '\ufeff{"prompt":"x"}',
  ])('is refused when it is not JSON: %j (C4, C5)', async (body) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ error: { type: 'invalid_request_error' } });
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it('is refused when it is not UTF-8 (C5)', async () => {
    expectError(await post(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])), 400, { code: null });
  });

  it.each([
    ['arrays', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('is refused when it is 10,000 %s deep (C2)', async (_, open, close) => {
    const deep = `{"prompt":${open.repeat(10_000)}1${close.repeat(10_000)}}`;
    const answer = await post(deep);
    expectError(answer, 400, { code: null });
    expect(answer.text).toContain('nested too deeply');
  });

  it('is refused when it has more values than any question (C3)', async () => {
    expectError(await post(`{"prompt":[${'1,'.repeat(200_000)}1]}`), 400, { code: null });
  });

  it('is refused quickly when it has more names than any question (C3)', async () => {
    const names = Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`k${i}`, 1]));
    expectError(await post({ ...question(), ...names }), 400, { param: 'k0', code: 'unknown_parameter' });
    expectError(await post({ ...question(), prompt: names }), 400, { param: 'prompt', code: 'invalid_type' });
  });

  it.each(['constructor', 'toString', '__proto__x'])(
    'is refused when it has a field called %s (C4)',
    async (name) => {
      expectError(await post({ ...question(), [name]: 5 }), 400, { param: name, code: 'unknown_parameter' });
      expectError(await post({ ...question(), prompt: { [name]: 5 } }), 400, { param: 'prompt' });
    },
  );

  it('is refused above the limit by its announced length, unread (C1)', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      socket.on('error', reject);
      socket.on('close', () => resolve(text));
      socket.write(
        `POST /v1/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${gateway.key}\r\ncontent-type: application/json\r\ncontent-length: 104857600\r\nconnection: close\r\n\r\n{"prompt":"`,
      );
    });
    expect(readRaw(answer)).toMatchObject({ status: 413, code: 'request_too_large' });
  });

  it('is refused above the limit while it is read', async () => {
    const answer = await post(`{"prompt":"${'x'.repeat(17 * 1024 ** 2)}"}`).catch(
      (error: unknown) => error as Error,
    );
    if (answer instanceof Error) expect(answer.message).toMatch(/other side closed|EPIPE|ECONNRESET/);
    else expectError(answer, 413, { code: 'request_too_large' });
  });

  it.each([
    ['text/plain', 415],
    ['application/xml', 415],
    ['multipart/form-data; boundary=x', 415],
    ['application/x-www-form-urlencoded', 415],
    ['application/json; charset=utf-7', 415],
    ['application/json; charset=utf-16', 415],
  ])('is refused as %s (C13)', async (type, status) => {
    const answer = await post(JSON.stringify(question()), { 'content-type': type });
    expectError(answer, status, { code: 'unsupported_content_type' });
  });

  it.each(['application/json\ta', ' application/json', 'application/jsonx', ';', 'application/'])(
    'is never taken without its checks as %j (C13, P35)',
    async (type) => {
      const { status } = await post(JSON.stringify({ prompt: 5 }), { 'content-type': type });
      expect([400, 415]).toContain(status);
    },
  );

  it('is refused when it is compressed (B16)', async () => {
    const answer = await post(gzipSync(JSON.stringify(question())), { 'content-encoding': 'gzip' });
    expectError(answer, 415, { code: 'unsupported_content_type' });
  });
});

describe('a question with a bad field', () => {
  it.each<[Record<string, unknown>, string, string]>([
    [{ prompt: undefined }, 'prompt', 'missing_required_parameter'],
    [{ prompt: null }, 'prompt', 'invalid_type'],
    [{ prompt: 5 }, 'prompt', 'invalid_type'],
    [{ prompt: { not: '' } }, 'prompt', 'invalid_type'],
    [{ prompt: ['a', 'b'] }, 'prompt', 'unsupported_value'],
    [{ prompt: [1, 2] }, 'prompt', 'unsupported_value'],
    [{ prompt: [[1], [2]] }, 'prompt', 'unsupported_value'],
    [{ prompt: [] }, 'prompt', 'empty_array'],
    [{ prompt: [''] }, 'prompt[0]', 'empty_string'],
    [{ prompt: [null] }, 'prompt[0]', 'invalid_type'],
    [{ prompt: ['a\u0000b'] }, 'prompt[0]', 'invalid_value'],
    [{ prompt: '' }, 'prompt', 'empty_string'],
    [{ prompt: 'a\u0000b' }, 'prompt', 'invalid_value'],
    [{ prompt: 'x'.repeat(500_001) }, 'prompt', 'string_above_max_length'],
    [{ image_urls: undefined }, 'image_urls', 'missing_required_parameter'],
    [{ image_urls: '' }, 'image_urls[0]', 'invalid_image_url'],
    [{ image_urls: [] }, 'image_urls', 'invalid_image_url'],
    [{ image_urls: 'not a url' }, 'image_urls[0]', 'invalid_image_url'],
    [{ image_urls: 'file:///etc/passwd' }, 'image_urls[0]', 'invalid_image_url'],
    [{ image_urls: 'ftp://example.com/a.jpg' }, 'image_urls[0]', 'invalid_image_url'],
    [{ image_urls: 'https://example.com/a.jpg,,' }, 'image_urls[1]', 'invalid_image_url'],
    [{ image_urls: 'data:image/png;base64,AAAA' }, 'image_urls[0]', 'invalid_image'],
    [{ image_urls: 'data:image/png;base64,AA==,AA' }, 'image_urls[1]', 'invalid_image_url'],
    [{ image_urls: 5 }, 'image_urls', 'invalid_type'],
    [{ image_urls: [5] }, 'image_urls[0]', 'invalid_type'],
    [{ image_urls: { url: 'https://example.com' } }, 'image_urls', 'invalid_type'],
    [{ max_tokens: 0 }, 'max_tokens', 'integer_below_min_value'],
    [{ max_tokens: -1 }, 'max_tokens', 'integer_below_min_value'],
    [{ max_tokens: 1.5 }, 'max_tokens', 'invalid_type'],
    [{ max_tokens: '10' }, 'max_tokens', 'invalid_type'],
    [{ max_tokens: 1e12 }, 'max_tokens', 'integer_above_max_value'],
    [{ max_tokens: true }, 'max_tokens', 'invalid_type'],
    [{ temperature: -1 }, 'temperature', 'decimal_below_min_value'],
    [{ temperature: 3 }, 'temperature', 'decimal_above_max_value'],
    [{ temperature: 1.5 }, 'temperature', 'decimal_above_max_value'],
    [{ temperature: 'a' }, 'temperature', 'invalid_type'],
    [{ do_sample: 'true' }, 'do_sample', 'invalid_type'],
    [{ do_sample: 1 }, 'do_sample', 'invalid_type'],
    [{ model: 5 }, 'model', 'invalid_type'],
    [{ echo: 'yes' }, 'echo', 'invalid_type'],
    [{ n: 0 }, 'n', 'integer_below_min_value'],
    [{ n: 129 }, 'n', 'integer_above_max_value'],
    [{ n: 1.5 }, 'n', 'invalid_type'],
    [{ stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop', 'array_above_max_length'],
    [{ stop: [5] }, 'stop[0]', 'invalid_type'],
    [{ stream: 'true' }, 'stream', 'invalid_type'],
    [{ stream: 1 }, 'stream', 'invalid_type'],
    [{ stream_options: { include_usage: true } }, 'stream_options', 'invalid_value'],
    [{ stream: true, stream_options: { usage: true } }, 'stream_options.usage', 'unknown_parameter'],
    [{ stream: true, temperature: 3 }, 'temperature', 'decimal_above_max_value'],
    [{ messages: [] }, 'messages', 'unknown_parameter'],
    [{ response_format: { type: 'json_object' } }, 'response_format', 'unknown_parameter'],
    [{ foo: 1 }, 'foo', 'unknown_parameter'],
    [{ api_base: 'http://127.0.0.1:1' }, 'api_base', 'unknown_parameter'],
    [{ webhook: 'https://evil.example' }, 'webhook', 'unknown_parameter'],
  ])('is refused: %j (C7, C8, C11, P1)', async (body, param, code) => {
    expectError(await gateway.complete(body), 400, { param, code });
  });

  it('is refused when a number is too large for JSON (C7)', async () => {
    const body = JSON.stringify(question()).replace('0.7', '1e999');
    expectError(await post(body), 400, { param: 'temperature' });
  });

  it('is refused when a text has half of a surrogate pair (C5)', async () => {
    const body = JSON.stringify(question()).replace('Describe', '\\ud800');
    expectError(await post(body), 400, { param: 'prompt', code: 'invalid_value' });
  });

  it.each(['nope', '../../x', '%2e%2e', 'owner/name', `owner/name:${'0'.repeat(64)}`, '🦄', 'x'.repeat(250)])(
    'is refused when its model is %s (C10)',
    async (model) => {
      expectError(await gateway.complete({ model }), 404, { param: 'model', code: 'model_not_found' });
    },
  );
});

describe('a request that goes nowhere', () => {
  it.each([
    ['GET', '/'],
    ['GET', '/v2/completions'],
    ['POST', '/v1/chat/completionz'],
    ['DELETE', '/v1'],
    ['GET', '/v1/completions/x'],
  ])('is told so: %s %s', async (method, path) => {
    const answer = await gateway.send(path, { method });
    expectError(answer, 404, { code: 'unknown_url', param: null });
    expect(answer.text).toContain(`Unknown request URL: ${method} ${path}`);
  });

  it.each([
    ['GET', '/v1/completions', 'POST'],
    ['DELETE', '/v1/completions', 'POST'],
    ['PATCH', '/admin/tenants', 'GET, HEAD, POST'],
    ['POST', '/healthz', 'GET, HEAD'],
  ])('is told the right methods: %s %s', async (method, path, allow) => {
    const answer = await gateway.send(path, { method });
    expectError(answer, 405, { code: 'method_not_allowed' });
    expect(answer.headers.allow).toBe(allow);
  });

  it('is told so before its body is read', async () => {
    const answer = await gateway.send('/nope', { method: 'POST', body: '{broken', key: null });
    expectError(answer, 404, { code: 'unknown_url' });
  });

  it('does not put what it was called into the answer beyond a limit', async () => {
    const { status, text } = await gateway.send(`/${'x'.repeat(5000)}`);
    expect(status).toBe(404);
    expect(text.length).toBeLessThan(600);
  });
});

describe('bytes that are no request', () => {
  const raw = (bytes: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1', () => socket.write(bytes));
      let text = '';
      socket.setTimeout(5000, () => socket.destroy(new Error('no answer')));
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      socket.on('error', reject);
      socket.on('close', () => resolve(text));
    });

  it.each([
    ['nonsense', 'nonsense\r\n\r\n', 400],
    [
      'two lengths (B11)',
      'POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      400,
    ],
    [
      'a length and chunks (B11)',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
      400,
    ],
    ['a strange coding (B11)', 'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n', 400],
    ['no host', 'GET / HTTP/1.1\r\nconnection: close\r\n\r\n', 400],
    ['an expectation (B13)', 'POST / HTTP/1.1\r\nhost: x\r\nexpect: magic\r\n\r\n', 417],
    ['a broken escape', 'GET /v1/completions%zz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 400],
    [
      'a very long name',
      `GET /admin/tenants/${'x'.repeat(300)} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
      404,
    ],
    ['headers of 20 kB (B10)', `GET / HTTP/1.1\r\nhost: x\r\nx-a: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  ])("are answered in OpenAI's shape: %s", async (_, bytes, status) => {
    expect(readRaw(await raw(bytes))).toMatchObject({ status });
  });

  it('cannot put a line into the answer with a request id (B12)', async () => {
    const { headers } = await gateway.send('/healthz', { headers: { 'x-request-id': 'a b;c' } });
    expect(headers['x-request-id']).toMatch(/^req_/);
    const kept = await gateway.send('/healthz', { headers: { 'x-request-id': 'trace-42.a:b' } });
    expect(kept.headers['x-request-id']).toBe('trace-42.a:b');
  });
});

/** Status and error code of a raw HTTP answer. */
function readRaw(answer: string): { status: number; code: unknown } {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  const { error } = JSON.parse(body) as { error: { code: unknown; message: string } };
  expect(error.message).toBeTruthy();
  expect(head.toLowerCase()).toContain('x-request-id: ');
  return { status: Number(head.split(' ')[1]), code: error.code };
}
