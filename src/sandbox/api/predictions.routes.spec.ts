import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { call, create, echo, ended, read } from '../sandbox.fixture.js';
import { startSandbox, type Sandbox } from '../sandbox.js';

let sandbox: Sandbox;
let later = 0;

beforeAll(async () => {
  sandbox = await startSandbox({ model: echo, clock: () => Date.now() + later });
});
afterEach(() => {
  sandbox.reset();
  later = 0;
});
afterAll(() => sandbox.close());

function cancel(id: unknown) {
  return call('POST', `${sandbox.baseUrl}/predictions/${String(id)}/cancel`);
}

describe('a cancel', () => {
  it('ends a prediction that runs, without an output', async () => {
    sandbox.script({ run: 60_000 });
    const created = await create(sandbox);
    await vi.waitFor(async () => {
      expect((await read(sandbox, created)).body.status).toBe('processing');
    });
    const canceled = await cancel(created.body.id);
    expect(canceled.status).toBe(200);
    expect(canceled.body).toMatchObject({ status: 'canceled', output: null });
    expect(canceled.body).toHaveProperty('metrics.predict_time');
    expect((await read(sandbox, created)).body.status).toBe('canceled');
  });

  it('leaves a prediction that has ended as it is', async () => {
    const created = await create(sandbox);
    await ended(sandbox, created);
    expect(await cancel(created.body.id)).toMatchObject({
      status: 200,
      body: { status: 'succeeded', output: 'Hello (1)' },
    });
  });

  it('does not find an unknown prediction', async () => {
    const answer = await cancel('00000000000000000000000000');
    expect(answer.status).toBe(404);
    expect(answer.text).toBe('{"detail":"The requested resource could not be found.","status":404}');
  });

  it('does nothing when told so, so that a cancel can lose its race', async () => {
    sandbox.script({ run: 60_000, onCancel: { ignore: true } });
    const created = await create(sandbox);
    expect((await cancel(created.body.id)).body.status).not.toBe('canceled');
    expect((await cancel(created.body.id)).body.status).toBe('canceled');
  });
});

describe('Cancel-After', () => {
  it('repeats the deadline, counted from the creation', async () => {
    const { body } = await create(sandbox, { headers: { 'cancel-after': '1h30m45s' } });
    expect(Date.parse(String(body.deadline)) - Date.parse(String(body.created_at))).toBe(5_445_000);
  });

  it('refuses less than five seconds and what is no duration', async () => {
    const answers = await Promise.all(
      ['4s', 'soon'].map((after) => create(sandbox, { headers: { 'cancel-after': after } })),
    );
    expect(answers.map(({ status }) => status)).toEqual([422, 422]);
  });
});

describe('a read', () => {
  it('loses the data an hour after the end', async () => {
    const created = await create(sandbox);
    await ended(sandbox, created);
    later = 3_599_000;
    expect((await read(sandbox, created)).body).toMatchObject({ data_removed: false, output: 'Hello (1)' });
    later = 3_601_000;
    expect((await read(sandbox, created)).body).toMatchObject({
      data_removed: true,
      input: {},
      output: null,
      status: 'succeeded',
    });
  });

  it('does not find what was reset', async () => {
    const created = await create(sandbox);
    sandbox.reset();
    expect((await read(sandbox, created)).status).toBe(404);
  });
});

describe('the list', () => {
  it('gives a hundred a page, newest first, and the way to the others', async () => {
    const made = [];
    for (let count = 0; count < 101; count++) made.push((await create(sandbox)).body.id);
    const first = await call('GET', `${sandbox.baseUrl}/predictions`);
    const results = first.body.results as { id: string; input: object }[];
    expect(first.body.previous).toBeNull();
    expect(results.map(({ id }) => id)).toEqual(made.slice(1).reverse());
    expect(results[0]?.input).toHaveProperty('prompt', 'Hello');
    const second = await call('GET', String(first.body.next));
    expect(second.body.results).toMatchObject([{ id: made[0] }]);
    expect(second.body.next).toBeNull();
    const back = await call('GET', String(second.body.previous));
    expect((back.body.results as unknown[]).length).toBe(100);
  });
});
