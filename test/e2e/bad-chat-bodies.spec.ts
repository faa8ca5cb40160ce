// Bodies that are no chats: each is told in OpenAI's words what is wrong and where, and Replicate never hears of it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { badChats, user, type Case } from '../support/bad-chats.js';
import { aChat, asked, chat, errorOf, imagePart, PICTURE, textPart } from '../support/chat.js';

const chats = badChats();

describe('a body', () => {
  it.each<Case>([
    [
      'without messages',
      { messages: undefined },
      'messages',
      'missing_required_parameter',
      "Missing required parameter: 'messages'.",
    ],
    [
      'with messages that are null',
      { messages: null },
      'messages',
      'invalid_type',
      "Invalid type for 'messages': expected an array, but got null instead.",
    ],
    [
      'with messages that are a text',
      { messages: 'Hi' },
      'messages',
      'invalid_type',
      "Invalid type for 'messages': expected an array, but got a string instead.",
    ],
    [
      'with one message, not in a list',
      { messages: user('Hi') },
      'messages',
      'invalid_type',
      "Invalid type for 'messages': expected an array, but got an object instead.",
    ],
    [
      'with no message',
      { messages: [] },
      'messages',
      'empty_array',
      "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
    ],
    [
      'with 2,001 messages (C9)',
      { messages: Array(2001).fill(user('Hi')) },
      'messages',
      'array_above_max_length',
      "Invalid 'messages': array too long. Expected at most 2000 elements.",
    ],
    [
      'with a completion in it',
      { prompt: 'Hi' },
      'prompt',
      'unknown_parameter',
      "Unknown parameter: 'prompt'.",
    ],
    ['with a field of ours elsewhere', { image_urls: PICTURE }, 'image_urls', 'unknown_parameter', /./],
    ['with an unknown field', { foo: 1 }, 'foo', 'unknown_parameter', "Unknown parameter: 'foo'."],
    ['with an upstream (P1)', { api_base: 'http://127.0.0.1:1' }, 'api_base', 'unknown_parameter', /./],
    ['with a webhook (P1)', { webhook: 'https://evil.example' }, 'webhook', 'unknown_parameter', /./],
    ['with a key called constructor (C4)', { constructor: 5 }, 'constructor', 'unknown_parameter', /./],
    ['with a key called toString (C4)', { toString: 5 }, 'toString', 'unknown_parameter', /./],
    [
      'with a key of 10 kB',
      { ['x'.repeat(10_000)]: 5 },
      `${'x'.repeat(100)}…`,
      'unknown_parameter',
      /^.{1,200}$/,
    ],
    [
      'with a model that is a number',
      { model: 5 },
      'model',
      'invalid_type',
      /expected a string, but got an integer/,
    ],
    ['with a model that is empty', { model: '' }, 'model', 'empty_string', /./],
    [
      'with a model that is an object (C11)',
      { model: { not: '' } },
      'model',
      'invalid_type',
      /got an object/,
    ],
  ])('%s is refused', (...bad) => chats.expectRefused(bad));

  it.each(['null', '[]', '"text"', '42', 'true', '', '{', '{"messages":}'])(
    'that is no object is refused: %j',
    async (body) => {
      const answer = await chats.post(body);
      expect(answer.status).toBe(400);
      expect(errorOf(answer)).toMatchObject({ type: 'invalid_request_error', param: null });
    },
  );

  it.each([
    '{"__proto__":{"x":1},"messages":[{"role":"user","content":"Hi"}]}',
    '{"messages":[{"role":"user","content":"Hi","__proto__":{"x":1}}]}',
    '{"messages":[{"role":"user","content":[{"type":"text","text":"Hi","__proto__":null}]}]}',
    '{"messages":[{"role":"user","content":"Hi"}],"metadata":{"__proto__":"x"}}',
    '{"messages":[{"role":"user","content":"Hi"}],"logit_bias":{"constructor":{"prototype":{"x":1}}}}',
  ])('that reaches for a prototype is refused (C4): %s', async (body) => {
    const answer = await chats.post(body);
    expect(answer.status).toBe(400);
    expect(errorOf(answer).message).toContain("a key '__proto__' or 'constructor'");
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it.each([
    ['arrays', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('that is 10,000 %s deep is refused (C2)', async (_, open, close) => {
    const deep = open.repeat(10_000) + '1' + close.repeat(10_000);
    for (const body of [
      `{"messages":${deep}}`,
      `{"messages":[],"tools":${deep}}`,
      `{"response_format":${deep}}`,
    ]) {
      const answer = await chats.post(body);
      expect(answer.status).toBe(400);
      expect(errorOf(answer).message).toContain('nested too deeply');
    }
  });

  it('that is no UTF-8, or of another type, is refused (C5, C13)', async () => {
    const bytes = await chats.post(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]));
    expect([bytes.status, errorOf(bytes).param]).toEqual([400, null]);
    for (const type of ['text/plain', 'multipart/form-data; boundary=x', 'application/json; charset=utf-7']) {
      const answer = await chats.post(JSON.stringify(aChat()), { 'content-type': type });
      expect([answer.status, errorOf(answer).code]).toEqual([415, 'unsupported_content_type']);
    }
  });

  it.each(['../../x', '%2e%2e', '🦄', 'x'.repeat(10_000), 'constructor', `a/b:${'0'.repeat(64)}`])(
    'with a model that does not exist is a 404 (C10): %s',
    async (model) => {
      const answer = await chat(chats.gateway, { model });
      expect([answer.status, errorOf(answer)]).toMatchObject([
        404,
        { type: 'invalid_request_error', param: 'model', code: 'model_not_found' },
      ]);
      expect(answer.text.length).toBeLessThan(600);
    },
  );
});

describe('any JSON in any place', () => {
  /** Whole requests, to be spoilt in one place: all fields, and what is below them. */
  const whole = {
    model: 'cerebro-phi3.5-vision-instruct',
    messages: [
      { role: 'system', content: [textPart('Be brief.')], name: 'a' },
      asked(imagePart(), 'What is it?'),
      { role: 'assistant', content: 'A wall.', refusal: null, tool_calls: [], annotations: [] },
      user('Is it red?'),
    ],
    max_completion_tokens: 100,
    ...{ temperature: 0.5, top_p: 1, n: 1, seed: null, stop: ['a'], stream: false, stream_options: null },
    ...{
      user: 'a',
      metadata: { a: 'b' },
      tools: [],
      logit_bias: {},
      response_format: { type: 'json_schema', json_schema: { name: 'a', schema: {} } },
    },
  };

  /** The paths to every value in a request. */
  function pathsIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
    if (typeof value !== 'object' || value === null) return [path];
    return [path, ...Object.entries(value).flatMap(([name, part]) => pathsIn(part, [...path, name]))];
  }

  function withValue(value: unknown, [name, ...rest]: readonly string[], given: unknown): unknown {
    if (name === undefined) return given;
    const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<
      string,
      unknown
    >;
    copy[name] = withValue(copy[name], rest, given);
    return copy;
  }

  /** Strange in types alone, so that none of it can be an answerable question by luck. */
  const strange = fc.oneof(
    { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
    fc.constantFrom<unknown>(
      { not: '' },
      [],
      {},
      [[]],
      [{}],
      '',
      '\0',
      '\ud800',
      -1,
      1e308,
      2 ** 53,
      true,
      'toString',
    ),
    fc.string({ unit: 'binary', maxLength: 20 }),
  );

  it("is answered, or is a 400 in OpenAI's shape, and never more than that (C7, C8, C11)", async () => {
    const paths = pathsIn(whole).filter((path) => path.length > 0);
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), strange, async (path, value) => {
        // Where nothing else is wrong, this is, and it is seen last: so that no value is answered, and billed.
        const body = { ...(withValue(whole, path, value) as object), store: true };
        const answer = await chats.post(body);
        expect([400, 404], answer.text).toContain(answer.status);
        expect(errorOf(answer).type).toBe('invalid_request_error');
        refused++;
      }),
      { numRuns: 250 },
    );
    expect(refused).toBe(250);
  });

  it('breaks no rule that another place keeps: what is wrong is named', async () => {
    const paths = pathsIn(whole).filter((path) => path.length > 0);
    // An object with an odd key is right nowhere but among the things that are not looked at.
    const odd = { 'odd key': { not: [1] } };
    const free = /^(tools|logit_bias|messages\.2\.annotations|response_format\.json_schema\.schema)/;
    for (const path of paths.filter((one) => !free.test(one.join('.')))) {
      const answer = await chats.post(withValue(whole, path, odd));
      expect([path, answer.status]).toEqual([path, 400]);
      expect(String(errorOf(answer).param).split(/[.[]/)[0]).toBe(path[0]);
    }
  });

  it('is a 400 whatever the messages are (C11)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue({ maxDepth: 4 }), { maxLength: 5 }), async (list) => {
        const answer = await chats.post({ ...whole, messages: list });
        expect(answer.status, answer.text).toBe(400);
        expect(String(errorOf(answer).param)).toMatch(/^(messages|null$)/);
      }),
      { numRuns: 100 },
    );
  });

  it('is a 400 where it stands for the whole body', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 5 }), async (body) => {
        const answer = await chats.post(JSON.stringify(body));
        expect(answer.status, answer.text).toBe(400);
        errorOf(answer);
      }),
      { numRuns: 100 },
    );
  });
});
