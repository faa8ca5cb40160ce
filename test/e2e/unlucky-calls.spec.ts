// Calls that meet each other, or a crowd, at the wrong moment: still one bill each, and nobody loses his answer.
import { createServer } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makePicture } from '../../src/images/pictures.fixture.js';
import { eventually, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, ledger, startAnew } from '../support/ledger.js';

let gateway: TestGateway;
let second: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  second = await startTestGateway({ beside: gateway });
});
afterAll(async () => {
  await second.close();
  await gateway.close();
});
afterEach(async () => {
  await expectOneBill(gateway);
  await startAnew(gateway);
});

const repeated = { 'x-stainless-retry-count': '1' };
const arrived = () => eventually('the create arrived', () => gateway.sandbox.bill.creates === 1);

describe('a caller who waits', () => {
  it('keeps his prediction when a repetition on another node joins it and leaves', async () => {
    gateway.sandbox.script({ boot: 2500, output: 'for who stayed' });
    const staying = gateway.complete();
    await arrived();
    const leaving = second.complete({}, { headers: repeated, signal: AbortSignal.timeout(1200) });
    await expect(leaving).rejects.toThrow();
    expect((await staying).json).toMatchObject({ choices: [{ text: 'for who stayed' }] });
    expect(gateway.sandbox.bill.creates).toBe(1);
  });

  it('keeps his prediction when the leases lapse because the database was away (H1)', async () => {
    gateway.sandbox.script({ boot: 3000, output: 'still yours' });
    const waiting = gateway.complete();
    await arrived();
    const { withSession } = await import('../../src/database/migrations.js');
    await withSession(gateway.databaseUrl, (session) => session.query('UPDATE nodes SET expires_at = now()'));
    expect((await waiting).json).toMatchObject({ choices: [{ text: 'still yours' }] });
  });

  it('asks anew when the prediction that he would join is just being cancelled', async () => {
    gateway.sandbox.script({ boot: 5000, output: 'cancelled' });
    await expect(gateway.complete({}, { signal: AbortSignal.timeout(300) })).rejects.toThrow();
    gateway.sandbox.script({ output: 'asked anew' });
    const answers = await Promise.all(
      [0, 50, 100].map(async (ms) => {
        await new Promise((resolve) => setTimeout(resolve, ms));
        return gateway.complete({}, { headers: repeated });
      }),
    );
    for (const { status } of answers) expect(status).toBe(200);
  });
});

describe('callers who hang up', () => {
  it('at whatever moment leave nothing running, no line open and no failure behind (B1, B3)', async () => {
    await Promise.allSettled(
      Array.from({ length: 60 }, (_, i) => {
        const body = JSON.stringify({ prompt: `question ${i}`, image_urls: 'https://example.com/a.png' });
        const leaving = new AbortController();
        setTimeout(() => leaving.abort(), i / 2);
        return gateway.complete({}, { body, signal: leaving.signal });
      }),
    );
    await eventually('every line is settled', async () =>
      (await ledger(gateway)).every(({ settled_at }) => settled_at),
    );
    expect((await gateway.complete()).status).toBe(200);
  });
});

describe('an Idempotency-Key', () => {
  it('never lets a repetition create what the first call is still preparing', async () => {
    const png = await makePicture('png');
    const pictures = createServer((_request, response) => {
      setTimeout(() => response.setHeader('content-type', 'image/png').end(png), 1000);
    });
    await new Promise<void>((resolve) => pictures.listen(0, '127.0.0.1', resolve));
    const host = `127.0.0.1:${(pictures.address() as { port: number }).port}`;
    const fetching = await startTestGateway({
      beside: gateway,
      settings: { imageMode: 'fetch', models: ['*'], privateImageHosts: [host] },
    });
    try {
      const body = { model: 'yorickvp/llava-13b', image_urls: `http://${host}/a.png`, do_sample: null };
      const headers = { 'Idempotency-Key': 'slow-picture' };
      const first = fetching.complete(body, { headers });
      await new Promise((resolve) => setTimeout(resolve, 300));
      const again = await fetching.complete(body, { headers: { ...headers, ...repeated } });
      expect(again.status).toBe(409);
      expect((await first).status).toBe(200);
      expect(gateway.sandbox.bill.creates).toBe(1);
    } finally {
      await fetching.close();
      pictures.close();
    }
  });

  it('gives a failure that was billed again, also to who had hung up', async () => {
    const headers = { 'Idempotency-Key': 'failed-alone' };
    gateway.sandbox.script({ run: 800, fail: 'CUDA error' });
    await expect(gateway.complete({}, { headers, signal: AbortSignal.timeout(300) })).rejects.toThrow();
    await eventually('failed', () => gateway.sandbox.bill.entries[0]?.status === 'failed');
    await eventually('told', async () => (await gateway.complete({}, { headers })).status === 502);
    expect(gateway.sandbox.bill.creates).toBe(1);
  });
});

describe('a lost answer', () => {
  it('is found behind more than a hundred newer predictions (A1)', async () => {
    gateway.sandbox.script({
      match: { inputIncludes: 'lost' },
      boot: 200,
      resetAfterAccept: true,
      output: 'found',
    });
    const lost = gateway.complete({ prompt: 'lost' });
    await arrived();
    await Promise.all(Array.from({ length: 130 }, (_, i) => gateway.complete({ prompt: `other ${i}` })));
    expect((await lost).json).toMatchObject({ choices: [{ text: 'found' }] });
  });
});

describe('a long question', () => {
  it('is answered though Replicate repeats it in each of its answers', async () => {
    const long = 'é'.repeat(499_999);
    const { status } = await gateway.complete({ prompt: long, system_prompt: long });
    expect(status).toBe(200);
  });
});
