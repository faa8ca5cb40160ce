// Calls that take several predictions, for their choices or for their attempts: all of these are left, joined and
// ended with the call that they belong to.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Fault } from '../../src/sandbox/faults/fault.js';
import { StructuredOutput } from '../../src/structured-output/structured-output.service.js';
import { creates } from '../support/asking.js';
import { aChat, chat, contents, errorOf } from '../support/chat.js';
import { eventually, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, ledger, startAnew } from '../support/ledger.js';
import { execute } from '../support/postgres.js';
import { askForStream, readStream } from '../support/stream-reader.js';
import { ANY_OBJECT, fitting } from '../support/structured.js';

const PHI = 'cerebro-phi3.5-vision-instruct';
const LLAVA = 'yorickvp/llava-13b';
const VISION_LLAMA = 'hayooucom/vision-llama3';
const ATTEMPTS = 'x-cerebro-attempts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ settings: { models: ['*'] } });
});
afterAll(() => gateway.close());
afterEach(async () => {
  await expectOneBill(gateway);
  await startAnew(gateway);
});

let keys = 0;
const newKey = () => ({ 'Idempotency-Key': `choices-${keys++}` });
const repetition = (count: number) => ({ 'x-stainless-retry-count': String(count) });
const statuses = () => gateway.sandbox.bill.entries.map(({ status }) => status).sort();
const asked = (count: number) =>
  eventually(`${count} are asked`, () => gateway.sandbox.bill.creates === count);
/** Well above the grace in which a client may repeat its call, well below how long the predictions run. */
const soon = (what: string, check: () => boolean) => eventually(what, check, 5000);

/** Asks, and hangs up as soon as `until` holds. */
async function askAndLeave(
  body: object,
  headers: Record<string, string>,
  until: () => Promise<void>,
): Promise<void> {
  const leaving = new AbortController();
  const answer = chat(gateway, body, { headers, signal: leaving.signal });
  answer.catch(() => undefined);
  await until();
  leaving.abort();
  await expect(answer).rejects.toThrow();
}

describe('several answers of a model whose creates are held', () => {
  const SLOW = { boot: 200, run: 20_000, output: 'x', times: 3 };

  it.each([2, 3])('are ended when the reader of a stream of %i leaves before its first byte', async (n) => {
    gateway.sandbox.script(SLOW);
    const { leave } = askForStream(gateway, { body: { ...aChat(), model: PHI, n } });
    await asked(n);
    leave();
    await soon('all are canceled', () => statuses().join() === Array(n).fill('canceled').join());
  });

  it('fail together on a stream where there is one that fails, and the others are ended', async () => {
    gateway.sandbox.script({ run: 300, fail: 'CUDA out of memory' });
    gateway.sandbox.script(SLOW);
    const stream = await readStream(gateway, { body: { ...aChat(), model: PHI, n: 3 } });
    expect([stream.status, stream.json]).toEqual([
      502,
      { error: expect.objectContaining({ code: 'prediction_failed' }) as object },
    ]);
    await soon('the others are canceled', () => statuses().join() === 'canceled,canceled,failed');
  });

  it('are all joined by a repetition, also when they run longer than a lost one is looked for', async () => {
    gateway.sandbox.script({ run: 12_000, output: 'One of two.' });
    gateway.sandbox.script({ run: 12_000, output: 'Two of two.' });
    const body = { model: PHI, n: 2 };
    await askAndLeave(body, repetition(0), () => asked(2));
    const answer = await chat(gateway, body, { headers: repetition(1) });
    expect([...contents(answer)].sort()).toEqual(['One of two.', 'Two of two.']);
    expect(gateway.sandbox.bill.creates).toBe(2);
  });
});

describe('several answers under an Idempotency-Key', () => {
  const FAILS: Fault = { run: 100, output: ['x'], fail: 'CUDA out of memory' };
  const SLOW: Fault = { run: 20_000, output: ['a ', 'b'] };

  it('end when one fails, and the failure is what the key gives again', async () => {
    gateway.sandbox.script(FAILS, SLOW);
    const headers = newKey();
    const first = await chat(gateway, { model: LLAVA, n: 2 }, { headers });
    expect(errorOf(first).code).toBe('prediction_failed');
    await soon('the other is canceled', () => statuses().join() === 'canceled,failed');
    const again = await chat(gateway, { model: LLAVA, n: 2 }, { headers });
    expect([again.status, again.text]).toEqual([first.status, first.text]);
    expect(gateway.sandbox.bill.creates).toBe(2);
  });

  it('end when one fails after the first pieces of a stream', async () => {
    gateway.sandbox.script({ ...FAILS, run: 1000, output: ['x', 'y', 'z'] }, SLOW);
    const body = { ...aChat(), model: LLAVA, n: 2 };
    const stream = await readStream(gateway, { body, headers: newKey() });
    expect([stream.status, stream.isDone]).toEqual([200, false]);
    expect(stream.error).toMatchObject({ code: 'prediction_failed' });
    await soon('the other is canceled', () => statuses().join() === 'canceled,failed');
  });

  it('end when one is refused for nothing, and the key can be used anew', async () => {
    gateway.sandbox.script(SLOW);
    gateway.sandbox.script({ status: 422 });
    const headers = newKey();
    const first = await chat(gateway, { model: LLAVA, n: 2 }, { headers });
    expect(first.status, first.text).toBeGreaterThanOrEqual(400);
    await soon('the other is canceled', () => statuses().join() === 'canceled');
    const again = await chat(gateway, { model: LLAVA, n: 2 }, { headers });
    expect(contents(again)).toEqual(['A red bicycle.', 'A red bicycle.']);
    expect(statuses()).toEqual(['canceled', 'succeeded', 'succeeded']);
  });

  it('go on when their caller hangs up, and are all there when it comes again', async () => {
    gateway.sandbox.script({ boot: 1000, output: 'Kept.', times: 2 });
    const headers = newKey();
    const body = { model: LLAVA, n: 2 };
    await askAndLeave(body, headers, () => asked(2));
    await eventually('answered', async () => (await chat(gateway, body, { headers })).status === 200);
    expect(contents(await chat(gateway, body, { headers }))).toEqual(['Kept.', 'Kept.']);
    expect(statuses()).toEqual(['succeeded', 'succeeded']);
  });
});

/** Asks for any JSON object. */
const body = { model: LLAVA, ...ANY_OBJECT };

describe('the attempts at a form', () => {
  it('are joined by a repetition, though the first has ended more than a minute ago', async () => {
    gateway.sandbox.script(
      { output: ['No JSON.'] },
      { boot: 2500, output: ['{"a":1}'] },
      { output: ['{"a":2}'] },
    );
    await askAndLeave(body, repetition(0), async () => {
      await asked(2);
      await eventually('the first is settled', async () => (await ledger(gateway))[0]?.settled_at != null);
      await execute(
        gateway.databaseUrl,
        "UPDATE predictions SET settled_at = settled_at - interval '61 seconds' WHERE settled_at IS NOT NULL",
      );
    });
    const answer = await chat(gateway, body, { headers: repetition(1) });
    expect([contents(answer), answer.headers[ATTEMPTS]]).toEqual([['{"a":1}'], '2']);
    expect(gateway.sandbox.bill.creates).toBe(2);
  });

  it.each([
    ['the first runs', 1],
    ['the second runs', 2],
  ])('are one answer to a repetition under a key that comes while %s, and no 409', async (_, running) => {
    gateway.sandbox.script({ boot: 1200, output: ['No JSON.'] }, { boot: 1200, output: ['{"a":1}'] });
    const headers = newKey();
    const first = chat(gateway, body, { headers });
    await asked(running);
    await pause(200);
    const again = await chat(gateway, body, { headers: { ...headers, ...repetition(1) } });
    for (const answer of [again, await first]) {
      expect([contents(answer), answer.headers[ATTEMPTS]]).toEqual([['{"a":1}'], '2']);
    }
    expect(gateway.sandbox.bill.creates).toBe(2);
  });

  it.each([
    ['in a text', ['{"a": "x STOP y"}']],
    ['between two values', ['{"a": [1, ', 'ST', 'OP, 2]}']],
  ])(
    'end with the first where a stop text cuts its JSON %s: the next would be cut too',
    async (_, output) => {
      for (const more of [{}, { stream: true }]) {
        gateway.sandbox.script({ output }, { output });
        const answer = await chat(gateway, { ...body, stop: ['STOP'], ...more });
        expect(answer.status).toBe(400);
        expect(errorOf(answer)).toMatchObject({
          code: 'structured_output_truncated',
          param: 'stop',
          message: expect.stringContaining('stop text') as string,
        });
        expect(statuses()).toEqual(['succeeded']);
        await expectOneBill(gateway);
        await startAnew(gateway);
      }
    },
  );

  it('are none too many where a stop text follows the JSON', async () => {
    gateway.sandbox.script({ output: ['{"a":1}', ' STOP {"b":2}'] });
    const answer = await chat(gateway, { ...body, stop: 'STOP' });
    expect([contents(answer), answer.headers[ATTEMPTS]]).toEqual([['{"a":1}'], '1']);
  });
});

describe('an answer that could not be judged', () => {
  it('for want of time is a failure at once: another would fare no better', async () => {
    const schema = { properties: { a: { type: 'string', pattern: '^(a+)+$' } } };
    gateway.sandbox.script({ output: [`{"a":"${'a'.repeat(50)}!"}`], times: 2 });
    const answer = await chat(gateway, { model: LLAVA, ...fitting(schema) });
    expect([answer.status, answer.headers[ATTEMPTS]]).toEqual([400, '1']);
    expect(errorOf(answer)).toMatchObject({ code: 'structured_output_failed' });
    expect(gateway.sandbox.bill.creates).toBe(1);
  });

  it('for want of a thread is our own error, which is billed, and nobody is asked again', async () => {
    const threadless = await startTestGateway({ beside: gateway, settings: { models: ['*'] } });
    try {
      await threadless.app.nest.get(StructuredOutput, { strict: false }).onApplicationShutdown();
      const headers = newKey();
      const first = await chat(threadless, body, { headers });
      expect([first.status, errorOf(first).code]).toEqual([500, 'internal_error']);
      const again = await chat(gateway, body, { headers });
      expect([again.status, again.text]).toEqual([500, first.text]);
      expect(gateway.sandbox.bill.creates).toBe(1);
    } finally {
      await threadless.close();
    }
  });
});

describe('a schema that comes while too many wait to be checked', () => {
  it('is a 503 for nothing that says when to come again, and is taken then', async () => {
    const judge = gateway.app.nest.get(StructuredOutput, { strict: false });
    const form = (schema: object) => ({ kind: 'json_schema', name: 'x', schema, param: 'x' }) as const;
    const endless = form({ properties: { a: { pattern: '^(a+)+$' } } });
    const held = Array.from({ length: 6 }, () => judge.judge(endless, `{"a":"${'a'.repeat(50)}!"}`, 'stop'));
    const waiting = Array.from({ length: 32 }, (_, at) => judge.check(form({ title: `${at}` })));
    const refused = await chat(gateway, { model: LLAVA, ...fitting({ type: 'object' }) });
    expect([refused.status, errorOf(refused).code]).toEqual([503, 'model_overloaded']);
    expect(refused.headers).toMatchObject({ 'retry-after': '1', 'x-should-retry': 'true' });
    expect(errorOf(refused).message).toContain('schemas');
    await Promise.all([...held, ...waiting]);
    gateway.sandbox.script({ output: ['{"a":1}'] });
    const taken = await chat(gateway, { model: LLAVA, ...fitting({ type: 'object' }) });
    expect(contents(taken)).toEqual(['{"a":1}']);
    expect(gateway.sandbox.bill.creates).toBe(1);
  });
});

describe('a seed', () => {
  const seeds = () =>
    creates(gateway)
      .map(({ body }) => (body as { input: { seed?: number } }).input.seed ?? NaN)
      .sort((a, b) => a - b);

  it.each([false, true])(
    'is another for each choice, counted from the one asked for (stream: %s)',
    async (stream) => {
      const answer = await chat(gateway, { model: VISION_LLAMA, n: 3, seed: 7, stream });
      expect(answer.status, answer.text).toBe(200);
      expect(seeds()).toEqual([7, 8, 9]);
    },
  );

  it('stays the same for one choice, and for each attempt of a choice', async () => {
    gateway.sandbox.script({ output: ['No.'], times: 2 });
    gateway.sandbox.script({ output: ['{"a":1}'], times: 3 });
    await chat(gateway, { model: VISION_LLAMA, n: 2, seed: 7, ...ANY_OBJECT });
    expect(seeds()).toEqual([7, 7, 8, 8]);
    await chat(gateway, { model: VISION_LLAMA, seed: 1, ...ANY_OBJECT });
    expect(seeds()).toEqual([1, 7, 7, 8, 8]);
  });

  it('is none where none was asked for', async () => {
    await chat(gateway, { model: VISION_LLAMA, n: 2 });
    expect(seeds()).toEqual([NaN, NaN]);
  });
});
