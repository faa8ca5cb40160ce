// Downloads of many images at the same time (D7), and of images that nobody waits for any more.
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeNoise } from '../../src/images/pictures.fixture.js';
import { ask, creates, fingerprint, sees, textOf } from '../support/asking.js';
import { eventually, makeTenant, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, startAnew } from '../support/ledger.js';
import { picture, type PictureServer, startPictureServer } from '../support/picture-server.js';

/** Takes a list of files. */
const GPT = 'openai/gpt-4o-mini';

let gateway: TestGateway;
let webs: PictureServer[];
beforeAll(async () => {
  webs = await Promise.all(Array.from({ length: 6 }, startPictureServer));
  gateway = await startTestGateway({
    settings: { models: ['*'], imageMode: 'fetch', privateImageHosts: webs.map(({ host }) => host) },
    sandbox: { model: sees },
  });
});
afterAll(async () => {
  await gateway.close();
  await Promise.all(webs.map((server) => server.close()));
});
afterEach(async () => {
  await expectOneBill(gateway);
  await startAnew(gateway);
});

describe('downloads', () => {
  it('end when their caller hangs up', async () => {
    let closed: Promise<unknown> | undefined;
    const address = webs[0]?.put('/silent', (response) => void (closed = once(response, 'close')));
    const asking = gateway.complete({ image_urls: address }, { signal: AbortSignal.timeout(300) });
    await expect(asking).rejects.toThrow();
    await eventually('asked', () => closed !== undefined);
    await closed;
    expect(creates(gateway)).toEqual([]);
  });

  it('of eight images each, for ten callers at once, are never more than 24 for one tenant (D7)', async () => {
    const image = await makeNoise(800, 500);
    expect(image.length).toBeGreaterThan(1024 ** 2);
    let [running, most] = [0, 0];
    for (const server of webs) {
      server.put('/large.png', (response, request) => {
        most = Math.max(most, ++running);
        response.on('close', () => running--);
        setTimeout(() => picture(image)(response, request), 50);
      });
    }
    const addresses = Array.from({ length: 8 }, (_, i) => `http://${webs[i % webs.length]?.host}/large.png`);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => ask(gateway, addresses, { model: GPT })),
    );
    const all = Array<string>(8).fill(fingerprint(image)).join(' ');
    expect(answers.map(textOf)).toEqual(Array<string>(10).fill(all));
    expect(most).toBeLessThanOrEqual(24);
    expect(most).toBeGreaterThan(4);
  });

  it('from one slow place do not wait for each other, and fail for no fault of it', async () => {
    const image = await makeNoise(40, 30);
    const held: (() => void)[] = [];
    const [web] = webs;
    const address = web?.put('/slow.png', (response, request) => {
      held.push(() => picture(image)(response, request));
      // Answers when twenty are there, which are five callers' first four: they would wait for ever if one waited.
      if (held.length >= 20) for (const release of held.splice(0)) release();
    });
    const images = Array<string>(4).fill(address ?? '');
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(gateway, images, { model: GPT })));
    const all = Array<string>(4).fill(fingerprint(image)).join(' ');
    expect(answers.map(textOf)).toEqual(Array<string>(5).fill(all));
  });

  it('of a tenant whose images never come leave room for the others (F10)', async () => {
    const [web] = webs;
    let waiting = 0;
    const silent = web?.put('/silent.png', () => waiting++) ?? '';
    const good = web?.put('/good.png', picture(await makeNoise(40, 30))) ?? '';
    const { key } = await makeTenant(gateway.url);
    const hangUp = new AbortController();
    const flood = Array.from({ length: 20 }, () =>
      gateway.complete({ image_urls: Array(8).fill(silent) }, { key, signal: hangUp.signal }).catch(() => 0),
    );
    await eventually('the flood has its places', () => waiting === 24);
    expect((await ask(gateway, [good], { model: GPT })).status).toBe(200);
    hangUp.abort();
    await Promise.all(flood);
  });
});
