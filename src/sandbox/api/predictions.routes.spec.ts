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
  it.each([
    ['30', 30],
    ['30s', 30],
    ['5m', 300],
    ['2h', 7_200],
    ['1m5s', 65],
    ['1h30m45s', 5_445],
  ])('reads %s', async (after, seconds) => {
    const { body } = await create(sandbox, { headers: { 'cancel-after': after } });
    expect(Date.parse(String(body.deadline)) - Date.parse(String(body.created_at))).toBe(seconds * 1000);
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

  it('has what a lost create is found by: the webhook, the input, the metrics of what has ended', async () => {
    const body = {
      version: 'meta/meta-llama-3-8b-instruct',
      input: { prompt: 'Hello' },
      webhook: 'http://127.0.0.1:1/hook/token',
      webhook_events_filter: ['completed'],
    };
    sandbox.script({ webhook: { drop: true } }, { hang: true });
    const created = await call('POST', `${sandbox.baseUrl}/predictions`, { body });
    const done = await ended(sandbox, created);
    await create(sandbox);
    const { results } = (await call('GET', `${sandbox.baseUrl}/predictions`)).body as { results: object[] };
    expect(results[0]).not.toHaveProperty('metrics');
    expect(results[1]).toEqual(done.body);
    expect(results[1]).toMatchObject({ ...body, version: expect.any(String) as string, status: 'succeeded' });
    expect(results[1]).toHaveProperty('metrics.predict_time');
  });

  it('takes the times of creation as bounds, and refuses what is no time', async () => {
    const list = async (query: string) => {
      const answer = await call('GET', `${sandbox.baseUrl}/predictions?${query}`);
      return (answer.body.results as { id: string }[] | undefined)?.map(({ id }) => id) ?? answer.status;
    };
    const first = await create(sandbox);
    later = 10_000;
    const second = await create(sandbox);
    const between = new Date(Date.now() + 5_000).toISOString();
    expect(await list(`created_after=${between}`)).toEqual([second.body.id]);
    expect(await list(`created_before=${between}`)).toEqual([first.body.id]);
    expect(await list(`created_after=yesterday`)).toBe(422);
  });

  it('may lack a prediction for a time', async () => {
    sandbox.script({ unlisted: 5_000 });
    const created = await create(sandbox);
    const ids = async () => {
      const { body } = await call('GET', `${sandbox.baseUrl}/predictions`);
      return (body.results as { id: string }[]).map(({ id }) => id);
    };
    expect(await ids()).toEqual([]);
    expect((await read(sandbox, created)).status).toBe(200);
    later = 5_001;
    expect(await ids()).toEqual([created.body.id]);
  });
});
