import { afterEach, describe, expect, it, vi } from 'vitest';
import { accountOf } from './account.js';
import { call, create, echo, ended, PHI_IMAGE } from './sandbox.fixture.js';
import type { SandboxOptions } from './options.js';
import { startSandbox, type Sandbox } from './sandbox.js';
import { readStream, streamUrl } from './streams/stream.fixture.js';

const started: Sandbox[] = [];

async function start(options: SandboxOptions = { model: echo }): Promise<Sandbox> {
  const sandbox = await startSandbox(options);
  started.push(sandbox);
  return sandbox;
}

afterEach(() => Promise.all(started.splice(0).map((sandbox) => sandbox.close())));

const origin = (sandbox: Sandbox) => sandbox.baseUrl.replace('/v1', '');

describe('the bill', () => {
  it('has every accepted create with its input, times, status and seconds', async () => {
    const sandbox = await start();
    sandbox.script({ run: 30 });
    const created = await create(sandbox);
    const done = await ended(sandbox, created);
    const { predict_time } = done.body.metrics as { predict_time: number };
    expect(sandbox.bill).toEqual({
      creates: 1,
      billedSeconds: predict_time,
      entries: [
        {
          account: accountOf('r8_spec'),
          predictionId: created.body.id,
          model: 'jimothyjohn/phi3-vision-instruct',
          version: PHI_IMAGE,
          deployment: null,
          hardware: null,
          input: { image: 'data:image/png;base64,AAAA', prompt: 'Hello' },
          createdAt: created.body.created_at,
          startedAt: expect.stringMatching(/Z$/) as string,
          completedAt: expect.stringMatching(/Z$/) as string,
          status: 'succeeded',
          billedSeconds: predict_time,
        },
      ],
    });
  });

  it('charges the very number that predict_time states, and nothing for what never started', async () => {
    const sandbox = await start();
    sandbox.script(
      { metrics: { predict_time: 1.234567 } },
      { run: 20 },
      { abort: true, metrics: { predict_time: 9 } },
    );
    const stated = [];
    for (let count = 0; count < 3; count++) {
      const done = await ended(sandbox, await create(sandbox));
      stated.push((done.body.metrics as { predict_time: number }).predict_time);
    }
    expect([stated[0], stated[2]]).toEqual([1.234567, 0]);
    expect(sandbox.bill.entries.map(({ billedSeconds }) => billedSeconds)).toEqual(stated);
    const microseconds = stated.reduce((sum, seconds) => sum + Math.round(seconds * 1_000_000), 0);
    expect(Math.round(sandbox.bill.billedSeconds * 1_000_000)).toBe(microseconds);
  });

  it('keeps what runs until its seconds are known', async () => {
    const sandbox = await start({ model: echo, heldPredictions: 1 });
    sandbox.script({ run: 200, metrics: { predict_time: 7 } });
    await create(sandbox);
    for (let count = 0; count < 5; count++) await ended(sandbox, await create(sandbox));
    await vi.waitFor(() => {
      expect(sandbox.bill.billedSeconds).toBeGreaterThanOrEqual(7);
    }, 5_000);
  });

  it('goes on counting what it no longer lists', async () => {
    const sandbox = await start({ model: echo, heldPredictions: 2 });
    for (let count = 0; count < 7; count++) await ended(sandbox, await create(sandbox));
    expect(sandbox.bill.creates).toBe(7);
    expect(sandbox.bill.entries).toHaveLength(2);
  });
});

describe('the log', () => {
  it('has what was sent, with the token left out', async () => {
    const sandbox = await start({ model: echo, token: 'right' });
    await create(sandbox, {
      headers: { authorization: 'Bearer right', prefer: 'wait=3', 'cancel-after': '30s' },
    });
    await create(sandbox, { headers: { authorization: 'Bearer wrong' } });
    expect(sandbox.requests).toMatchObject([
      {
        method: 'POST',
        path: '/v1/predictions',
        headers: { authorization: 'accepted', prefer: 'wait=3', 'cancel-after': '30s' },
        body: { version: PHI_IMAGE, input: { prompt: 'Hello' } },
      },
      { method: 'POST', headers: { authorization: 'refused' } },
    ]);
    expect(JSON.stringify(sandbox.requests)).not.toContain('Bearer');
  });
});

describe('the control doors', () => {
  it('give the bill and the log, take faults, and reset', async () => {
    const sandbox = await start();
    const scripted = await call('POST', `${origin(sandbox)}/sandbox/faults`, {
      body: [{ status: 500 }, { boot: 5 }],
    });
    expect(scripted.body).toEqual({ waiting: 2 });
    expect((await create(sandbox)).status).toBe(500);
    await create(sandbox);
    expect((await call('GET', `${origin(sandbox)}/sandbox/bill`)).body.creates).toBe(1);
    expect((await call('GET', `${origin(sandbox)}/sandbox/requests`)).body.requests).toHaveLength(2);
    expect((await call('GET', `${origin(sandbox)}/sandbox/deliveries`)).body).toEqual({ deliveries: [] });
    expect((await call('POST', `${origin(sandbox)}/sandbox/reset`)).status).toBe(204);
    expect(sandbox.bill).toEqual({ creates: 0, billedSeconds: 0, entries: [] });
    expect(sandbox.requests).toEqual([]);
  });

  it.each([
    [{ status: 500 }, 'The body must be a list of faults'],
    [[{ boot: '5' }], '[0].boot must be a number from 0'],
    [[{ boot: 1 }, { status: 418 }], '[1].status must be one of'],
    [[{ status: 500, boot: 1 }], '[0].boot is not a part of this kind of fault'],
    [[{ onGet: { status: 500, reset: true } }], '[0].onGet.reset is not a part of this kind of fault'],
    [[{ onStream: { kind: 'loud' } }], '[0].onStream.kind must be one of none, stall, cut'],
    [[{ onStream: { after: 2 } }], '[0].onStream must have a kind or a status'],
    [[{ onStream: { status: 418 } }], '[0].onStream.status must be one of'],
    [[{ webhook: { late: true } }], '[0].webhook.late is not a part of this kind of fault'],
    [[{ unlisted: 'a while' }], '[0].unlisted must be a number from 0'],
    [[{ match: { prompt: 'x' } }], '[0].match.prompt is not a part of this kind of fault'],
  ])('refuse %j and say why', async (body, reason) => {
    const sandbox = await start();
    const answer = await call('POST', `${origin(sandbox)}/sandbox/faults`, { body });
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toContain(reason);
  });
});

describe('the pictures', () => {
  it('are real files of the type that their names say', async () => {
    const sandbox = await start();
    const types = await Promise.all(
      Object.entries(sandbox.pictures).map(async ([name, url]) => {
        const response = await fetch(url);
        return [name, response.headers.get('content-type'), (await response.bytes()).length > 4_000];
      }),
    );
    expect(types).toEqual([
      ['invoice.png', 'image/png', true],
      ['street-sign.jpg', 'image/jpeg', true],
      ['chart.webp', 'image/webp', true],
      ['sunset.jpg', 'image/jpeg', true],
    ]);
    expect((await fetch(`${origin(sandbox)}/pictures/constructor`)).status).toBe(404);
  });
});

describe('a model', () => {
  it('shows its versions with titles, bounds and order', async () => {
    const sandbox = await start();
    const url = `${sandbox.baseUrl}/models/jimothyjohn/phi3-vision-instruct`;
    const model = await call('GET', url);
    const versions = (await call('GET', `${url}/versions`)).body.results as { id: string }[];
    expect(model.body).toMatchObject({ is_official: false, latest_version: { id: PHI_IMAGE } });
    expect(versions.map(({ id }) => id)).toEqual([PHI_IMAGE, expect.stringMatching(/^eb47/)]);
    const older = await call('GET', `${url}/versions/${String(versions[1]?.id)}`);
    expect(older.body).toMatchObject({
      openapi_schema: {
        components: {
          schemas: {
            Input: {
              type: 'object',
              title: 'Input',
              required: ['image_urls', 'prompt'],
              properties: {
                max_new_tokens: {
                  type: 'integer',
                  title: 'Max New Tokens',
                  'x-order': 2,
                  default: 1024,
                  minimum: 64,
                  maximum: 2048,
                },
              },
            },
            Output: { type: 'string', title: 'Output' },
          },
        },
      },
    });
    expect((await call('GET', `${url}/versions/${'0'.repeat(64)}`)).status).toBe(404);
    expect((await call('GET', `${sandbox.baseUrl}/models/no/body`)).status).toBe(404);
  });
});

describe('the end', () => {
  it('comes at once, whatever hangs', async () => {
    const sandbox = await start();
    const streamed = await create(sandbox);
    const stream = readStream(streamUrl(streamed), { toTheEnd: true });
    sandbox.script({ hang: true }, { headersNever: true });
    const held = create(sandbox, { headers: { prefer: 'wait', 'cancel-after': '1h' } });
    const silent = create(sandbox);
    const settled = Promise.allSettled([held, silent]);
    while (sandbox.bill.creates < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    await sandbox.close();
    await settled;
    expect((await stream).end).toBe('broken');
    await expect(create(sandbox)).rejects.toThrow('ECONNREFUSED');
  });

  it('comes when the port is taken, with the reason', async () => {
    const { port } = new URL((await start()).baseUrl);
    await expect(startSandbox({ model: echo, port: Number(port) })).rejects.toThrow('EADDRINUSE');
  });
});
