// What is kept of calls: nothing, unless their tenant asks for it; then texts alone, in one place, for a time.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { withSession } from '../../src/database/migrations.js';
import { ContentKeeper } from '../../src/gateway/content-keeper.service.js';
import { makePicture } from '../../src/images/pictures.fixture.js';
import { Retention } from '../../src/metering/retention.service.js';
import { AdminApi, type MadeKey } from '../support/admin.js';
import { creates } from '../support/asking.js';
import { asked, chat, imagePart } from '../support/chat.js';
import {
  type Answer,
  eventually,
  type Sent,
  startTestGateway,
  type TestGateway,
} from '../support/gateway.js';
import { expectOneBill, startAnew } from '../support/ledger.js';
import { dump } from '../support/own-account.js';
import { chat as chatStream, openStream, readStream } from '../support/stream-reader.js';
import { fitting, RIGHT, WRONG } from '../support/structured.js';

/** They must occur nowhere, or in one table alone. */
const SAID = 'canary-question-4711';
const SYSTEM = 'canary-system-4711';
const ANSWER = 'canary-answer-4711';

/** Takes a system prompt, and streams. */
const LLAVA = 'yorickvp/llava-13b';

let gateway: TestGateway;
let second: TestGateway;
let admin: AdminApi;
/** A tenant that has texts kept for thirty days, and one that says nothing. */
let asking: MadeKey;
let silent: MadeKey;
let picture: Buffer;

beforeAll(async () => {
  const settings = { models: ['*'] };
  gateway = await startTestGateway({ settings });
  second = await startTestGateway({ settings, beside: gateway });
  admin = new AdminApi(gateway);
  picture = await makePicture('png');
  const scopes = { scopes: ['inference', 'usage:read'] };
  asking = await admin.key((await admin.tenant({ retention: { content_days: 30 } })).id, scopes);
  silent = await admin.key((await admin.tenant()).id, scopes);
});
afterAll(async () => {
  await second.close();
  await gateway.close();
});
beforeEach(async () => {
  await settled();
  await startAnew(gateway);
  await sql('DELETE FROM retained_contents');
});

interface Content {
  readonly prompt: { system: string | null; turns: { role: string; parts: object[] }[]; images: number };
  readonly answer: string;
  readonly expires_at: number;
}
interface Entry {
  readonly id: string;
  readonly state: string;
  readonly content: Content | null;
}

const sql = (text: string) => withSession(gateway.databaseUrl, (session) => session.query(text));

/** When both nodes have written what there is to keep. */
async function settled(): Promise<void> {
  for (const { app } of [gateway, second]) await app.nest.get(ContentKeeper).settled();
}

const as = ({ key }: MadeKey, sent: Sent = {}): Sent => ({ key, ...sent });
const dataUri = () => `data:image/png;base64,${picture.toString('base64')}`;

async function read({ key }: Pick<MadeKey, 'key'>, path: string): Promise<Answer> {
  return gateway.send(path, { key });
}

/** The lines of a key's tenant, oldest first, with what is kept of each. */
async function entries(key: MadeKey): Promise<Entry[]> {
  await expectOneBill(gateway);
  await settled();
  const { data } = (await read(key, '/v1/ledger?order=asc&limit=100')).json as { data: Entry[] };
  return Promise.all(data.map(async ({ id }) => (await read(key, `/v1/ledger/${id}`)).json as Entry));
}

/** Answers that are kept, in no order. */
async function answersOf(key: MadeKey): Promise<(string | undefined)[]> {
  return (await entries(key)).map(({ content }) => content?.answer).sort();
}

/** Everything that is stored, but for what is kept on purpose; and that. */
async function stored(): Promise<{ kept: string; others: string }> {
  await settled();
  const all = await dump(gateway.databaseUrl);
  const { rows } = await sql('SELECT t::text AS text FROM retained_contents t');
  const texts = rows.map((row) => (row as { text: string }).text);
  return { kept: texts.join('\n'), others: texts.reduce((rest, text) => rest.replaceAll(text, ''), all) };
}

/** One call of each kind, with canaries in all texts; the sandbox's answers too. */
async function callInEveryWay(key: MadeKey): Promise<void> {
  const messages = [
    { role: 'system', content: SYSTEM },
    asked(SAID, imagePart(dataUri())),
    { role: 'assistant', content: ANSWER },
    asked(SAID),
  ];
  const about = [asked(SAID, imagePart('https://example.com/canary-4711.jpg'))];
  const stream = { url: gateway.url, key: key.key };
  gateway.sandbox.script({ output: ANSWER, times: 5 });
  const answers = [
    await gateway.complete({ model: LLAVA, prompt: SAID, image_urls: [dataUri()] }, as(key)),
    await chat(gateway, { model: LLAVA, messages }, as(key)),
    await chat(gateway, { messages: about, n: 2 }, as(key)),
  ];
  expect(answers.map(({ status, text }) => [status, text])).toEqual(
    answers.map(() => [200, expect.stringContaining(ANSWER) as string]),
  );
  expect((await readStream(stream, chatStream(SAID))).textOf()).toBe(ANSWER);
  gateway.sandbox.script({ output: `${ANSWER} is no JSON` });
  gateway.sandbox.script({ output: RIGHT });
  expect((await chat(gateway, { messages: about, ...fitting() }, as(key))).status).toBe(200);
  gateway.sandbox.script({ fail: 'CUDA error' });
  expect((await chat(gateway, { messages: about }, as(key))).status).toBe(502);
  await expectOneBill(gateway);
}

describe('of a tenant that does not ask for it', () => {
  it('nothing that was asked or answered is anywhere in the database (I1)', async () => {
    await callInEveryWay(silent);
    const { kept, others } = await stored();
    expect(kept).toBe('');
    for (const canary of ['canary', RIGHT, picture.toString('base64'), picture.toString('hex')])
      expect(others).not.toContain(canary);
    const all = await entries(silent);
    expect(all).toHaveLength(8);
    expect(all.map(({ content }) => content)).toEqual(all.map(() => null));
  });
});

describe('of a tenant that asks for it', () => {
  it('texts are in one table, and pictures nowhere (I1)', async () => {
    await callInEveryWay(asking);
    const { kept, others } = await stored();
    for (const canary of [SAID, SYSTEM, ANSWER, '2026-118']) {
      expect(kept).toContain(canary);
      expect(others).not.toContain(canary);
    }
    for (const canary of ['canary-4711.jpg', 'data:image', picture.toString('base64').slice(0, 40)])
      expect(kept).not.toContain(canary);
    expect(others).not.toContain(picture.toString('hex'));
    // Each prediction that was answered, the failed attempt at JSON among them.
    const all = await entries(asking);
    expect(all.map(({ state, content }) => [state, content !== null])).toEqual(
      all.map(({ state }) => [state, state === 'succeeded']),
    );
    expect(all.filter(({ content }) => content)).toHaveLength(7);
  });

  it('a line has the conversation, with pictures as their places, and the answer', async () => {
    gateway.sandbox.script({ output: ANSWER });
    const messages = [{ role: 'system', content: SYSTEM }, asked(imagePart(dataUri()), SAID)];
    expect((await chat(gateway, { model: LLAVA, messages }, as(asking))).status).toBe(200);
    const [entry] = await entries(asking);
    expect(entry).toMatchObject({ object: 'ledger_entry', state: 'succeeded', images: 1 });
    expect(entry?.content).toEqual({
      prompt: {
        system: SYSTEM,
        turns: [{ role: 'user', parts: [{ image: 0 }, { text: SAID }] }],
        images: 1,
      },
      answer: ANSWER,
      expires_at: expect.any(Number) as number,
    });
    const days = ((entry?.content?.expires_at ?? 0) - Date.now() / 1000) / 86_400;
    expect(days).toBeCloseTo(30, 1);
  });

  it('each choice, each attempt at JSON and what the model was told of it are kept', async () => {
    gateway.sandbox.script({ output: 'One.' });
    gateway.sandbox.script({ output: 'Two.' });
    await chat(gateway, { n: 2 }, as(asking));
    expect(await answersOf(asking)).toEqual(['One.', 'Two.']);
    await startAnew(gateway);
    for (const output of [WRONG, WRONG]) gateway.sandbox.script({ output });
    expect((await chat(gateway, fitting(), as(asking))).status).toBe(400);
    const [first, again] = await entries(asking);
    expect([first?.content?.answer, again?.content?.answer]).toEqual([WRONG, WRONG]);
    expect(again?.content?.prompt.turns.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(JSON.stringify(again?.content?.prompt)).toContain('That answer cannot be used');
  });

  it.each([true, false])(
    'an answer is kept as it was given, cut at a stop text (stream: %s)',
    async (stream) => {
      const output = ['one ', 'tw', 'o th', 'r', 'ee four'];
      gateway.sandbox.script({ run: 200, output });
      const body = { model: LLAVA, messages: [asked('Count.', imagePart())], stop: ['two three'] };
      if (stream) await readStream({ url: gateway.url, key: asking.key }, { body });
      else await chat(gateway, body, as(asking));
      expect(await answersOf(asking)).toEqual(['one ']);
    },
  );

  it('nothing is kept of a prediction whose caller has gone, until somebody comes for its answer', async () => {
    gateway.sandbox.script({ run: 20_000, output: ['gone ', ...Array.from({ length: 50 }, () => 'more ')] });
    const left = await openStream({ url: gateway.url, key: asking.key }, chatStream('Tell me.'));
    await eventually('a piece came', () => left.pieces.length > 0);
    left.leave();
    await eventually('it is ended', () => gateway.sandbox.bill.entries[0]?.completedAt !== undefined);
    expect(await answersOf(asking)).toEqual([undefined]);
    await startAnew(gateway);
    gateway.sandbox.script({ boot: 900, output: 'kept for you' });
    const headers = { 'Idempotency-Key': 'come-again' };
    const first = gateway.complete({}, as(asking, { headers, signal: AbortSignal.timeout(400) }));
    await expect(first).rejects.toThrow();
    await eventually('answered on the other node', async () => {
      const { status } = await second.complete({}, as(asking, { headers }));
      return status === 200;
    });
    expect(await answersOf(asking)).toEqual(['kept for you']);
  });

  it('a repetition that takes the same answer keeps it once', async () => {
    gateway.sandbox.script({ output: 'said once' });
    const again = { headers: { 'x-stainless-retry-count': '1' } };
    expect((await gateway.complete({}, as(asking))).status).toBe(200);
    expect((await second.complete({}, as(asking, again))).status).toBe(200);
    expect(creates(gateway)).toHaveLength(1);
    expect(await answersOf(asking)).toEqual(['said once']);
  });

  it('characters that no table holds are replaced, and the answer goes out as it came', async () => {
    gateway.sandbox.script({ output: 'a\u0000b' });
    const answer = await gateway.complete({}, as(asking));
    expect(answer.json).toMatchObject({ choices: [{ text: 'a\u0000b' }] });
    expect(await answersOf(asking)).toEqual(['a\ufffdb']);
  });

  it('an answer neither fails nor waits where it cannot be kept', async () => {
    await sql('ALTER TABLE retained_contents RENAME TO elsewhere');
    try {
      expect((await gateway.complete({}, as(asking))).status).toBe(200);
      await settled();
    } finally {
      await sql('ALTER TABLE elsewhere RENAME TO retained_contents');
    }
    await withSession(gateway.databaseUrl, async (session) => {
      await session.query('BEGIN; LOCK TABLE retained_contents');
      expect((await gateway.complete({}, as(asking))).status).toBe(200);
      await session.query('COMMIT');
    });
    expect(await answersOf(asking)).toEqual(['A red bicycle.', undefined]);
  });
});

describe('what is kept', () => {
  const kept = async () => {
    expect((await gateway.complete({}, as(asking))).status).toBe(200);
    const [{ id = '' } = {}] = await entries(asking);
    return id;
  };

  it('is read by its tenant and the operator, and is unknown to any other', async () => {
    const id = await kept();
    const own = await read(asking, `/v1/ledger/${id}`);
    expect(own.json).toMatchObject({ id, content: { answer: 'A red bicycle.' } });
    for (const key of [asking.key, undefined]) {
      const path = `/admin/tenants/${asking.tenantId}/ledger/${id}`;
      expect((await admin.send(path, key === undefined ? {} : { key })).json).toEqual(own.json);
    }
    const none = `prd_${'0'.repeat(32)}`;
    for (const path of ['/v1/ledger', `/admin/tenants/${silent.tenantId}/ledger`]) {
      const [foreign, unknown] = [await read(silent, `${path}/${id}`), await read(silent, `${path}/${none}`)];
      expect([foreign.status, foreign.text.replaceAll(id, none)]).toEqual([404, unknown.text]);
      expect(foreign.json).toMatchObject({ error: { code: 'not_found' } });
    }
    expect((await admin.send(`/admin/tenants/${silent.tenantId}/ledger/${id}`)).status).toBe(404);
    expect((await read(silent, `/admin/tenants/${asking.tenantId}/ledger/${id}`)).status).toBe(404);
    const { key } = await admin.key(asking.tenantId);
    expect((await read({ key }, `/v1/ledger/${id}`)).status).toBe(403);
  });

  it('is in no list', async () => {
    await kept();
    const lists = [
      await read(asking, '/v1/ledger'),
      await admin.send(`/admin/tenants/${asking.tenantId}/ledger`),
      await admin.send('/admin/audit-events?limit=100'),
    ];
    for (const { status, text } of lists) {
      expect(status).toBe(200);
      expect(text).not.toMatch(/bicycle|Describe|"content"/);
    }
  });

  it('is gone when its time is over, and the line stays', async () => {
    const id = await kept();
    await sql("UPDATE retained_contents SET expires_at = now() - interval '1 second'");
    expect((await read(asking, `/v1/ledger/${id}`)).json).toMatchObject({ id, content: null });
    await gateway.app.nest.get(Retention).round();
    expect((await sql('SELECT FROM retained_contents')).rowCount).toBe(0);
    expect((await read(asking, `/v1/ledger/${id}`)).status).toBe(200);
  });

  it('goes with its tenant', async () => {
    const { id: tenantId, path } = await admin.tenant({ retention: { content_days: 365 } });
    const key = await admin.key(tenantId, { scopes: ['inference', 'usage:read'] });
    expect((await gateway.complete({}, as(key))).status).toBe(200);
    const [{ id = '', content } = {}] = await entries(key);
    expect(content).not.toBeNull();
    await admin.delete(path);
    expect((await admin.send(`${path}/ledger/${id}`)).json).toMatchObject({ id, content: null });
    await gateway.app.nest.get(Retention).round();
    expect((await sql('SELECT FROM retained_contents')).rowCount).toBe(0);
  });
});

describe('the ask', () => {
  it('counts from the next call on, on every node, and is audited', async () => {
    const { id, path } = await admin.tenant();
    const key = await admin.key(id, { scopes: ['inference', 'usage:read'] });
    expect((await admin.send(path)).json).toMatchObject({ retention: { content_days: null } });
    expect((await second.complete({}, as(key))).status).toBe(200);
    const set = (retention: unknown) => admin.patch(path, { retention });
    expect((await set({ content_days: 7 })).json).toMatchObject({ retention: { content_days: 7 } });
    expect((await gateway.complete({}, as(key))).status).toBe(200);
    await eventually('the other node knows', async () => {
      expect((await second.complete({}, as(key))).status).toBe(200);
      return (await entries(key)).at(-1)?.content != null;
    });
    for (const none of [null, {}])
      expect((await set(none)).json).toMatchObject({ retention: { content_days: 7 } });
    expect((await set({ content_days: null })).json).toMatchObject({ retention: { content_days: null } });
    // At once on each node, whatever it remembers.
    expect((await second.complete({}, as(key))).status).toBe(200);
    const all = await entries(key);
    expect([all[0]?.content, all.at(-1)?.content]).toEqual([null, null]);
    expect(all[1]?.content).not.toBeNull();
    const { data } = (await admin.send(`/admin/audit-events?target_id=${id}`)).json as { data: object[] };
    expect(data).toMatchObject([
      { action: 'tenant.create', after: { retention: { content_days: null } } },
      { before: { retention: { content_days: null } }, after: { retention: { content_days: 7 } } },
      { before: { retention: { content_days: 7 } }, after: { retention: { content_days: null } } },
    ]);
  });

  it.each([
    [{ content_days: 0 }, 'retention.content_days', 'integer_below_min_value'],
    [{ content_days: 366 }, 'retention.content_days', 'integer_above_max_value'],
    [{ content_days: 1.5 }, 'retention.content_days', 'invalid_type'],
    [{ content_days: '7' }, 'retention.content_days', 'invalid_type'],
    [{ images: true }, 'retention.images', 'unknown_parameter'],
    [7, 'retention', 'invalid_type'],
  ])('is no %j', async (retention, param, code) => {
    const { path } = await admin.tenant();
    for (const answer of [
      await admin.patch(path, { retention }),
      await admin.post('/admin/tenants', { name: 'x', retention }),
    ]) {
      expect(answer.status).toBe(400);
      expect(answer.json).toMatchObject({ error: { param, code } });
    }
  });

  it("is the operator's to write down", async () => {
    const { key } = await admin.key(asking.tenantId, { scopes: ['keys:manage', 'usage:read'] });
    const path = `/admin/tenants/${asking.tenantId}`;
    expect((await admin.patch(path, { retention: { content_days: 1 } }, key)).status).toBe(403);
  });
});
