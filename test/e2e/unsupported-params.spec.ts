// Parameters that no model here can honour: what clients send by habit passes, the rest is refused by name, or is
// dropped where the key or the gateway says so, and then listed.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { creates, lastInput } from '../support/asking.js';
import { chat, errorOf, framesOf, keyWith } from '../support/chat.js';
import { ADMIN_KEY, type Answer, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, ledger, startAnew } from '../support/ledger.js';

const MOONDREAM = 'lucataco/moondream2';
const DROPPED = 'x-cerebro-dropped-params';

let gateway: TestGateway;
let dropping: TestGateway;
const keys = { refuse: '', drop: '', none: '' };
beforeAll(async () => {
  gateway = await startTestGateway({ settings: { models: ['*'] } });
  dropping = await startTestGateway({
    beside: gateway,
    settings: { models: ['*'], unsupportedParams: 'drop' },
  });
  for (const unsupported_params of ['refuse', 'drop'] as const)
    keys[unsupported_params] = await keyWith(gateway, { unsupported_params }, ADMIN_KEY);
  keys.none = gateway.key;
});
afterAll(async () => {
  await dropping.close();
  await gateway.close();
});
afterEach(async () => {
  await expectOneBill(gateway);
  await startAnew(gateway);
});

type Door = (body: object, key?: string, to?: TestGateway) => Promise<Answer>;
const doors: Record<'chat' | 'completions', Door> = {
  chat: (body, key = gateway.key, to = gateway) => chat(to, body, { key }),
  completions: (body, key = gateway.key, to = gateway) => {
    const usual = { prompt: 'Describe the image.', image_urls: 'https://example.com/image.jpg' };
    return to.send('/v1/completions', { method: 'POST', body: { ...usual, ...body }, key });
  },
};

/** What clients and frameworks send though they mean nothing by it. */
const HABITS = {
  chat: {
    n: 1,
    top_p: 1,
    frequency_penalty: 0,
    presence_penalty: 0,
    temperature: 1,
    stop: [],
    stream: false,
    logprobs: false,
    top_logprobs: 0,
    logit_bias: {},
    tools: [],
    tool_choice: 'auto',
    parallel_tool_calls: true,
    functions: [],
    function_call: 'none',
    store: false,
    service_tier: 'auto',
    modalities: ['text'],
    reasoning_effort: 'none',
    verbosity: 'medium',
    response_format: { type: 'text' },
    metadata: {},
    user: '',
  },
  completions: {
    n: 1,
    best_of: 1,
    top_p: 1,
    frequency_penalty: 0,
    presence_penalty: 0,
    temperature: 1,
    stop: null,
    stream: false,
    echo: false,
    suffix: '',
    logprobs: null,
    logit_bias: {},
    user: '',
  },
};

/** Nothing, said another way. */
const MORE_HABITS = {
  chat: [
    ...[{ tool_choice: 'none' }, { parallel_tool_calls: false }, { function_call: 'auto' }],
    { service_tier: 'default' },
  ],
  completions: [{ n: 2, best_of: 2 }],
};

/** What asks for something. */
const UNSUPPORTED: Record<'chat' | 'completions', Record<string, readonly unknown[]>> = {
  chat: {
    logprobs: [true, 'no', 0],
    top_logprobs: [5],
    logit_bias: [{ '50256': -100 }],
    tools: [[{ type: 'function', function: { name: 'f' } }], {}],
    tool_choice: ['required', { type: 'function', function: { name: 'f' } }],
    parallel_tool_calls: ['yes'],
    functions: [[{ name: 'f' }]],
    function_call: [{ name: 'f' }],
    store: [true],
    service_tier: ['flex', 'priority'],
    modalities: [['text', 'audio']],
    reasoning_effort: ['high'],
    verbosity: ['low'],
    prediction: [{ type: 'content', content: 'a' }],
    audio: [{ voice: 'alloy', format: 'mp3' }],
    web_search_options: [{}],
    moderation: [{}],
  },
  completions: {
    best_of: [5],
    suffix: ['the end'],
    logprobs: [5, 0],
    logit_bias: [{ '50256': -100 }],
  },
};

const names = ['chat', 'completions'] as const;
const unsupported = names.flatMap((door) =>
  Object.entries(UNSUPPORTED[door]).flatMap(([param, values]) =>
    values.map((value) => [door, param, value] as const),
  ),
);

describe.each(names)('values that ask for nothing, in %s', (door) => {
  it('pass all together, and change nothing', async () => {
    // Temperature is the one that this model has, and so the one that is sent.
    expect((await doors[door]({ temperature: 1 })).status).toBe(200);
    const plain = lastInput(gateway);
    const answer = await doors[door](HABITS[door]);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.headers).not.toHaveProperty(DROPPED);
    expect(lastInput(gateway)).toEqual(plain);
  });

  it('pass each as null', async () => {
    const nulls = Object.keys({ ...HABITS[door], ...UNSUPPORTED[door] }).map((name) => [name, null]);
    const answer = await doors[door](Object.fromEntries(nulls) as object);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.headers).not.toHaveProperty(DROPPED);
  });

  it('pass on models that have hardly a parameter', async () => {
    const answer = await doors[door]({ model: MOONDREAM, ...HABITS[door] });
    expect(answer.status, answer.text).toBe(200);
    expect(Object.keys(lastInput(gateway)).sort()).toEqual(['image', 'prompt']);
  });

  it.each<object>(MORE_HABITS[door])('pass as %j', async (body) => {
    const answer = await doors[door](body);
    expect(answer.status, answer.text).toBe(200);
  });
});

describe('a value that asks for something', () => {
  it('is in this table for every such parameter', async () => {
    const { json } = await gateway.send('/openapi.json');
    const { schemas } = (
      json as {
        components: { schemas: Record<string, { properties: Record<string, { description: string }> }> };
      }
    ).components;
    for (const [door, contract] of [
      ['chat', 'ChatCompletionRequest'],
      ['completions', 'CompletionRequest'],
    ] as const) {
      const properties = Object.entries(schemas[contract]?.properties ?? {});
      const refused = properties.filter(([, { description }]) => description.startsWith('Not supported'));
      expect(refused.map(([name]) => name).sort()).toEqual(Object.keys(UNSUPPORTED[door]).sort());
    }
  });

  it.each(unsupported)('is refused by name, for nothing: %s %s %j', async (door, param, value) => {
    for (const stream of [false, true]) {
      const answer = await doors[door]({ [param]: value, stream });
      expect(answer.status, answer.text).toBe(400);
      expect(errorOf(answer)).toEqual({
        message: `Unsupported parameter: '${param}' is not supported here.`,
        type: 'invalid_request_error',
        param,
        code: 'unsupported_parameter',
      });
    }
    expect(creates(gateway)).toEqual([]);
    expect(await ledger(gateway)).toEqual([]);
  });

  it.each(unsupported)(
    "is left out and listed where the caller's key says so: %s %s %j",
    async (door, param, value) => {
      const answer = await doors[door]({ [param]: value }, keys.drop);
      expect(answer.status, answer.text).toBe(200);
      expect(answer.headers[DROPPED]).toBe(param);
    },
  );

  it('of what only some models have is refused or left out in the same way', async () => {
    const body = { model: MOONDREAM, top_p: 0.5, temperature: 0.2, seed: 5, frequency_penalty: 1 };
    for (const door of names) {
      const refused = await doors[door](body);
      expect([refused.status, errorOf(refused).code]).toEqual([400, 'unsupported_parameter']);
      const answer = await doors[door](body, keys.drop);
      expect(answer.status, answer.text).toBe(200);
      expect(answer.headers[DROPPED]).toBe('temperature, top_p, seed, frequency_penalty');
      expect(Object.keys(lastInput(gateway)).sort()).toEqual(['image', 'prompt']);
    }
  });

  it('is listed with all others, once each, before the first byte of a stream too', async () => {
    const body = {
      ...{ model: MOONDREAM, top_p: 0.5, logprobs: true, store: true },
      ...{ stream: true, stream_options: { include_obfuscation: true } },
    };
    const { status, headers, text } = await doors.chat(body, keys.drop);
    expect(status, text).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/event-stream/);
    expect(headers[DROPPED]).toBe('logprobs, store, stream_options.include_obfuscation, top_p');
    expect(framesOf(text).at(-1)).toBe('[DONE]');
  });

  it('is still refused where it is wrong for other reasons', async () => {
    for (const body of [{ top_p: 5 }, { cerebro: 1 }, { seed: 'x' }]) {
      const answer = await doors.chat({ ...body, tools: [{}] }, keys.drop);
      expect([answer.status, errorOf(answer).param]).toEqual([400, Object.keys(body)[0]]);
    }
  });
});

describe('who says so', () => {
  it.each<[keyof typeof keys, boolean, number]>([
    ['none', false, 400],
    ['none', true, 200],
    ['refuse', false, 400],
    ['refuse', true, 400],
    ['drop', false, 200],
    ['drop', true, 200],
  ])('is the key (%s), before the gateway (drops: %j)', async (key, drops, status) => {
    const to = drops ? dropping : gateway;
    const secret = keys[key];
    for (const door of names) {
      const answer = await doors[door]({ logit_bias: { '1': 5 } }, secret, to);
      expect(answer.status, answer.text).toBe(status);
      expect(answer.headers[DROPPED]).toBe(status === 200 ? 'logit_bias' : undefined);
    }
  });

  it('is heard again when the key changes its mind', async () => {
    const key = await keyWith(gateway, { unsupported_params: null }, ADMIN_KEY);
    expect((await doors.chat({ store: true }, key)).status).toBe(400);
    expect((await doors.chat({ store: true }, key, dropping)).status).toBe(200);
  });
});
