import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { request } from 'undici';
import { accountOf } from '../account.js';
import { call, create, echo, ended } from '../sandbox.fixture.js';
import { startSandbox, type Sandbox } from '../sandbox.js';

const OTHER = { authorization: 'Bearer r8_other' };
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox({ model: echo });
});
afterEach(() => {
  sandbox.reset();
});
afterAll(() => sandbox.close());

const idOf = ({ body }: { body: Readonly<Record<string, unknown>> }) => String(body.id);
const listed = async (headers?: Record<string, string>) => {
  const { body } = await call('GET', `${sandbox.baseUrl}/predictions`, { ...(headers && { headers }) });
  return (body.results as { id: string }[]).map(({ id }) => id);
};

describe('accounts', () => {
  it('are told apart by their tokens, however these are sent', async () => {
    const mine = await create(sandbox);
    await call('GET', `${sandbox.baseUrl}/predictions/${idOf(mine)}`, {
      headers: { authorization: 'Token r8_spec' },
    });
    await create(sandbox, { headers: OTHER });
    expect(sandbox.bill.entries.map(({ account }) => account)).toEqual([
      accountOf('r8_spec'),
      accountOf('r8_other'),
    ]);
    expect(sandbox.requests.map(({ account }) => account)).toEqual([
      accountOf('r8_spec'),
      accountOf('r8_spec'),
      accountOf('r8_other'),
    ]);
    expect(JSON.stringify([sandbox.bill, sandbox.requests])).not.toContain('r8_');
  });

  it('list their own predictions alone', async () => {
    const mine = await create(sandbox);
    const others = await create(sandbox, { headers: OTHER });
    expect(await listed()).toEqual([idOf(mine)]);
    expect(await listed(OTHER)).toEqual([idOf(others)]);
  });

  it("neither read nor cancel others' predictions", async () => {
    sandbox.script({ hang: true });
    const url = `${sandbox.baseUrl}/predictions/${idOf(await create(sandbox))}`;
    expect((await call('GET', url, { headers: OTHER })).status).toBe(404);
    expect((await call('POST', `${url}/cancel`, { headers: OTHER })).status).toBe(404);
    expect(sandbox.bill.entries[0]?.status).toMatch(/starting|processing/);
    expect((await call('POST', `${url}/cancel`)).body.status).toBe('canceled');
  });

  it("see, delete and use no others' files", async () => {
    const form = new FormData();
    form.append('content', new Blob(['a picture'], { type: 'image/png' }), 'a.png');
    const encoded = new Response(form);
    const { body } = await request(`${sandbox.baseUrl}/files`, {
      method: 'POST',
      headers: {
        authorization: 'Bearer r8_spec',
        'content-type': encoded.headers.get('content-type') ?? '',
      },
      body: Buffer.from(await encoded.arrayBuffer()),
    });
    const { urls } = (await body.json()) as { urls: { get: string } };
    expect((await call('GET', urls.get, { headers: OTHER })).status).toBe(404);
    expect((await call('DELETE', urls.get, { headers: OTHER })).status).toBe(404);
    const files = await call('GET', `${sandbox.baseUrl}/files`, { headers: OTHER });
    expect(files.body.results).toEqual([]);
    const mine = await ended(sandbox, await create(sandbox, { input: { image: urls.get } }));
    expect(mine.body.status).toBe('succeeded');
    const others = await create(sandbox, { input: { image: urls.get }, headers: OTHER });
    await expect.poll(() => sandbox.bill.entries[1]?.status).toBe('failed');
    expect(others.status).toBe(201);
  });
});
