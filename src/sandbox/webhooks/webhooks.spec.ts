import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { call, create, echo, ended, PHI_IMAGE, read } from '../sandbox.fixture.js';
import { startSandbox, type Sandbox } from '../sandbox.js';
import type { Fault } from '../faults/fault.js';
import { receiveWebhooks } from './webhook.fixture.js';
import { webhookSignature } from './signature.js';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const ALL = ['start', 'output', 'logs', 'completed'];
let sandbox: Sandbox;
const closing: (() => void)[] = [];

beforeAll(async () => {
  sandbox = await startSandbox({
    model: echo,
    webhookSecret: SECRET,
    webhookRetryDelays: [1, 2, 3],
    webhookInterval: 20,
  });
});
afterEach(() => {
  sandbox.reset();
  for (const close of closing.splice(0)) close();
});
afterAll(() => sandbox.close());

async function receiver(...statuses: number[]) {
  const made = await receiveWebhooks(...statuses);
  closing.push(made.close);
  return made;
}

function ask(webhook: string, fault: Fault = {}, filter?: string[]) {
  sandbox.script(fault);
  return call('POST', `${sandbox.baseUrl}/predictions`, {
    body: {
      version: PHI_IMAGE,
      input: { prompt: 'Hello', image: 'data:image/png;base64,AAAA' },
      webhook,
      ...(filter && { webhook_events_filter: filter }),
    },
  });
}

const events = () => sandbox.deliveries.map(({ event }) => event);
const deliveredAll = (count: number) =>
  vi.waitFor(() => {
    expect(sandbox.deliveries).toHaveLength(count);
  }, 5_000);

describe('a webhook', () => {
  it('brings the prediction as a read shows it, signed', async () => {
    const { url, received } = await receiver();
    const created = await ask(url, {}, ['completed']);
    await deliveredAll(1);
    const [webhook] = received;
    expect(webhook?.body).toEqual((await read(sandbox, created)).body);
    expect(webhook?.body).toMatchObject({ status: 'succeeded', webhook: url });
    const id = String(webhook?.headers['webhook-id']);
    const timestamp = Number(webhook?.headers['webhook-timestamp']);
    expect(id).toMatch(/^msg_/);
    expect(Math.abs(timestamp - Date.now() / 1000)).toBeLessThan(60);
    expect(webhook?.headers['content-type']).toBe('application/json');
    expect(webhook?.headers['webhook-signature']).toBe(
      webhookSignature(SECRET, id, timestamp, webhook?.text ?? ''),
    );
    expect(sandbox.deliveries).toMatchObject([
      { event: 'completed', url, status: 200, attempt: 1, messageId: id, predictionId: created.body.id },
    ]);
  });

  it('is signed with the secret that the API hands out', async () => {
    const answer = await call('GET', `${sandbox.baseUrl}/webhooks/default/secret`);
    expect(answer.body).toEqual({ key: SECRET });
    const without = { headers: { authorization: '' } };
    expect((await call('GET', `${sandbox.baseUrl}/webhooks/default/secret`, without)).status).toBe(401);
  });

  it('comes for every event that is asked for, and for outputs and the end otherwise', async () => {
    const { url, received } = await receiver();
    await ask(url, { logs: 'Loading' }, ALL);
    await deliveredAll(4);
    expect(events()).toEqual(['start', 'logs', 'output', 'completed']);
    expect(received.map(({ body }) => [body.status, body.logs, body.output])).toEqual([
      ['processing', 'Loading', null],
      ['processing', 'Loading', null],
      ['processing', 'Loading', 'Hello (1)'],
      ['succeeded', 'Loading', 'Hello (1)'],
    ]);
    await ask(url);
    await deliveredAll(6);
    expect(events().slice(4)).toEqual(['output', 'completed']);
  });

  it('shows a list as it grows, not with every item', async () => {
    const { url, received } = await receiver();
    await ask(url, { run: 400, output: Array.from({ length: 1_000 }, String) }, ALL);
    await vi.waitFor(() => {
      expect(events()).toContain('completed');
    }, 5_000);
    const lengths = received.slice(1).map(({ body }) => (body.output as string[]).length);
    expect(lengths.length).toBeGreaterThan(1);
    expect(lengths.length).toBeLessThan(30);
    expect(lengths).toEqual([...lengths].sort((one, other) => one - other));
    expect(lengths.at(-1)).toBe(1_000);
  });

  it.each<[string, Fault]>([
    ['failed', { fail: 'CUDA out of memory' }],
    ['aborted', { abort: true }],
  ])('comes for a prediction that %s', async (status, fault) => {
    const { url, received } = await receiver();
    await ask(url, fault);
    await deliveredAll(1);
    expect(received[0]?.body.status).toBe(status);
  });

  it('comes for a prediction that was canceled', async () => {
    const { url, received } = await receiver();
    const created = await ask(url, { hang: true });
    await call('POST', `${sandbox.baseUrl}/predictions/${String(created.body.id)}/cancel`);
    await deliveredAll(1);
    expect(received[0]?.body.status).toBe('canceled');
  });

  it('must be filtered by events that exist', async () => {
    const answer = await ask('http://127.0.0.1:1/', {}, ['completed', 'ended']);
    expect(answer).toMatchObject({
      status: 422,
      body: { invalid_fields: [{ type: 'enum', field: 'webhook_events_filter.1' }] },
    });
  });
});

describe('a webhook that is not taken', () => {
  it('is tried again when it is the last one, under the same id', async () => {
    const { url, received } = await receiver(500, 404);
    await ask(url, {}, ['completed']);
    await deliveredAll(3);
    expect(sandbox.deliveries.map(({ status, attempt }) => [status, attempt])).toEqual([
      [500, 1],
      [404, 2],
      [200, 3],
    ]);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  it('is given up in the end, when nobody listens', async () => {
    await ask('http://127.0.0.1:1/hook', {}, ['completed']);
    await deliveredAll(4);
    expect(sandbox.deliveries[3]).toMatchObject({
      status: null,
      attempt: 4,
      error: expect.stringContaining('ECONNREFUSED') as string,
    });
  });

  it('is not tried again when it is not the last one, and when it is redirected', async () => {
    const { url, received } = await receiver(500, 302);
    await ask(url, {}, ['start', 'completed']);
    await deliveredAll(2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sandbox.deliveries.map(({ event, status }) => [event, status])).toEqual([
      ['start', 500],
      ['completed', 302],
    ]);
    expect(received).toHaveLength(2);
  });

  it.each(['https://example.com/hook', 'http://192.0.2.1/hook', 'http://127.0.0.1.example.com/', 'nonsense'])(
    'is not even sent to %s',
    async (url) => {
      await ask(url, {}, ['completed']);
      await deliveredAll(1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(sandbox.deliveries).toMatchObject([{ url, status: null, error: `${url} is not on loopback` }]);
    },
  );

  it('is given up by a reset', async () => {
    const { url, received } = await receiver();
    await ask(url, { hang: true });
    sandbox.reset();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(received).toEqual([]);
    expect(sandbox.deliveries).toEqual([]);
  });
});

describe('a webhook fault', () => {
  it('drops every webhook', async () => {
    const { url } = await receiver();
    await ended(sandbox, await ask(url, { webhook: { drop: true } }));
    await ask(url);
    await deliveredAll(2);
  });

  it('repeats each under its id', async () => {
    const { url, received } = await receiver();
    await ask(url, { webhook: { duplicate: 9 } }, ['completed']);
    await deliveredAll(10);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  it('delivers before the create is answered', async () => {
    const { url, received } = await receiver();
    const created = await ask(url, { run: 20, webhook: { early: true, delay: 20 } });
    expect(received.map(({ body }) => body.status)).toEqual(['processing', 'succeeded']);
    expect(created.body).toMatchObject({ status: 'starting', output: null });
  });

  it('turns the order round', async () => {
    const { url } = await receiver();
    await ask(url, { webhook: { reorder: true } }, ALL);
    await deliveredAll(3);
    expect(events()).toEqual(['completed', 'output', 'start']);
  });

  it('signs wrongly, too early, or among others', async () => {
    const { url, received } = await receiver();
    const faults = [{ badSignature: true }, { staleTimestamp: true }, { moreSignatures: true }] as const;
    for (const [index, webhook] of faults.entries()) {
      await ask(url, { webhook }, ['completed']);
      await deliveredAll(index + 1);
    }
    const checked = received.map(({ headers, text }) => {
      const timestamp = Number(headers['webhook-timestamp']);
      const right = webhookSignature(SECRET, String(headers['webhook-id']), timestamp, text);
      const signatures = String(headers['webhook-signature']).split(' ');
      return [signatures.length, signatures.indexOf(right), timestamp < Date.now() / 1000 - 500];
    });
    expect(checked).toEqual([
      [1, -1, false],
      [1, 0, true],
      [3, 2, false],
    ]);
  });
});

describe('a create without a webhook', () => {
  it('delivers nothing', async () => {
    await ended(sandbox, await create(sandbox));
    expect(sandbox.deliveries).toEqual([]);
  });
});
