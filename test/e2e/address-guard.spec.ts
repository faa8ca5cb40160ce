// D1 and its neighbours through the public door: no address of a caller's leads inside, whatever it looks like.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { EnvHttpProxyAgent, getGlobalDispatcher, request, setGlobalDispatcher } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { refusedAddresses, RESOLVED_ADDRESSES } from '../../src/egress/corpus.fixture.js';
import { type Canary, startCanary, startServer } from '../../src/egress/egress.fixture.js';
import { DEFAULT_LIMITS } from '../../src/egress/limits.js';
import { makePicture } from '../../src/images/pictures.fixture.js';
import { ask, creates, expectRefusal, fingerprint, lastInput, sees, textOf } from '../support/asking.js';
import { freePort, startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectOneBill, startAnew } from '../support/ledger.js';
import { picture, type PictureServer, redirect, startPictureServer } from '../support/picture-server.js';

/** Takes one file. */
const LLAVA = 'yorickvp/llava-13b';

/** Stands for the port that the canary gets. */
const CANARY_PORT = 65_500;

/** All that a caller is told, whichever address it was: by its form, or by where it would lead. */
const COULD_NOT = 'the image could not be loaded from this address';
const REFUSALS = [
  COULD_NOT,
  'expected an http or https address, a data:image/…;base64, URI, base64 or the id of an uploaded file',
  'expected an image address, but got nothing',
  'expected data:image/…;base64, and base64 text',
  'an address with a user name or password is not taken',
  'an address of more than 8192 characters is not taken',
].map((problem) => `Invalid 'image_urls[0]': ${problem}.`);

/** What a create says. */
interface Created {
  readonly input: Record<string, unknown>;
}

let canary: Canary;
/** Connections to the canary that a test has meant. */
let heard = 0;
let web: PictureServer;
let passing: TestGateway;
let fetching: TestGateway;
let closedPort: number;
beforeAll(async () => {
  canary = await startCanary();
  web = await startPictureServer();
  closedPort = await freePort();
  const settings = { models: ['*'], privateImageHosts: [web.host, `127.0.0.1:${closedPort}`] };
  passing = await startTestGateway({ settings, sandbox: { model: sees } });
  fetching = await startTestGateway({ beside: passing, settings: { ...settings, imageMode: 'fetch' } });
});
afterAll(async () => {
  await fetching.close();
  await passing.close();
  await web.close();
  await canary.close();
});
afterEach(async () => {
  expect(canary.connections()).toBe(heard);
  await expectOneBill(passing);
  await startAnew(passing);
  web.asked.length = 0;
});

/** A well-formed data URI of no picture is among them: that is for the picture's own checks. */
const corpus = refusedAddresses(CANARY_PORT).filter((address) => address !== 'data:image/png;base64,AAAA');
const atCanary = (address: string) => address.replace(String(CANARY_PORT), String(canary.port));

/** What a caller is told of each address, many at a time. */
async function refusals(gateway: TestGateway, addresses: readonly string[]): Promise<Map<string, string>> {
  const told = new Map<string, string>();
  const left = [...addresses];
  const work = async (): Promise<void> => {
    for (let address = left.pop(); address !== undefined; address = left.pop()) {
      const { status, json } = await ask(gateway, [address]);
      const { error } = json as { error: Record<string, string> };
      expect([status, error.param, error.code], address).toEqual([400, 'image_urls[0]', 'invalid_image_url']);
      told.set(address, error.message ?? '');
    }
  };
  await Promise.all(Array.from({ length: 24 }, work));
  return told;
}

describe.each([
  ['passes addresses on', () => passing],
  ['fetches addresses', () => fetching],
])('a gateway that %s', (_, gateway) => {
  it('refuses the whole corpus in a few fixed words, and connects to nothing (D1, P20, P24)', async () => {
    const strangers: string[] = [];
    // Node publishes every `net.connect` here; ours go to the gateway, the database and the sandbox.
    const { url, databaseUrl, sandbox } = gateway();
    const ours = [url, databaseUrl, sandbox.baseUrl].map((address) => new URL(address).port);
    const note = (message: unknown): void => {
      const { socket } = message as { socket: Socket };
      socket.once('connect', () => {
        if (!ours.includes(String(socket.remotePort))) strangers.push(String(socket.remotePort));
      });
    };
    subscribe('net.client.socket', note);
    const told = await refusals(gateway(), corpus.map(atCanary));
    unsubscribe('net.client.socket', note);
    expect(told.size).toBeGreaterThan(300);
    expect([...told].filter(([, message]) => !REFUSALS.includes(message))).toEqual([]);
    expect(strangers).toEqual([]);
    expect([creates(gateway()), gateway().sandbox.bill.creates]).toEqual([[], 0]);
  });

  it('says the same of every address that is one, wherever inside it leads', async () => {
    const inside = ['127.0.0.1', '[::1]', '169.254.169.254', '10.0.0.1', 'localhost', 'metadata', 'db.svc'];
    const addresses = inside.flatMap((host) => [`http://${host}/`, `https://${host}/x.png?a=b`]);
    addresses.push(`http://127.0.0.1:${canary.port}/`, `http://[::1]:${canary.port}/`, 'http://8.8.8.8:22/');
    const told = await refusals(gateway(), addresses);
    expect([...new Set(told.values())]).toEqual([REFUSALS[0]]);
  });

  it('refuses them for any model, among good ones, as a text or a list', async () => {
    const good = web.put('/a.png', picture(await makePicture('png')));
    const bad = `http://127.0.0.1:${canary.port}/`;
    const message = `Invalid 'image_urls[1]': ${COULD_NOT}.`;
    const error = { param: 'image_urls[1]', code: 'invalid_image_url', message };
    for (const images of [`${good},${bad}`, [good, bad]]) {
      for (const model of ['openai/gpt-4o-mini', 'hayooucom/vision-llama3', undefined]) {
        expectRefusal(gateway(), await ask(gateway(), images, model ? { model } : {}), error);
      }
    }
  });

  it('opens the operator’s exceptions and nothing beside them', async () => {
    const { port } = new URL(`http://${web.host}`);
    web.put('/', picture(await makePicture('png')));
    expect((await ask(gateway(), `http://${web.host}/`, { model: LLAVA })).status).toBe(200);
    await expectOneBill(passing);
    await startAnew(passing);
    const beside = [`http://localhost:${port}/`, `http://[::ffff:127.0.0.1]:${port}/`, 'http://127.0.0.1/'];
    const told = await refusals(gateway(), [...beside, `http://127.0.0.2:${port}/`]);
    expect([...new Set(told.values())]).toEqual([REFUSALS[0]]);
  });
});

describe('an address that is harmless by its looks', () => {
  it('is passed on in the one form that was judged, which no parser reads otherwise (P24)', async () => {
    await Promise.all(RESOLVED_ADDRESSES.map((address) => ask(passing, [address])));
    const sent = creates(passing).map(({ body }) => String((body as Created).input.image_urls));
    expect(sent.sort()).toEqual(
      RESOLVED_ADDRESSES.map((address) => {
        const url = new URL(address);
        url.hash = '';
        url.hostname = url.hostname.replace(/\.$/, '');
        return url.href;
      }).sort(),
    );
    for (const address of sent) expect(address).toMatch(/^https?:\/\/[a-z0-9.-]+\/[\x21-\x7e]*$/);
  });

  it.each([301, 302, 303, 307, 308])(
    'is not followed inside, by a redirect of status %i (D3)',
    async (code) => {
      const inside = ['127.0.0.1', '[::1]', 'localhost', '[::ffff:7f00:1]', '2130706433', '0'];
      const targets = inside.map((host) => `http://${host}:${canary.port}/`);
      targets.push('http://169.254.169.254/', 'file:///etc/passwd', `//127.0.0.1:${canary.port}/`);
      const addresses = targets.map((target, i) => web.put(`/${i}`, redirect(target, code)));
      const told = await refusals(fetching, addresses);
      expect([...new Set(told.values())]).toEqual([REFUSALS[0]]);
      expect(web.asked).toHaveLength(targets.length);
    },
  );

  it('looks like a blocked one where nobody listens, nobody answers, or no HTTP is spoken (D10)', async () => {
    const mute = await startServer((socket) => socket.destroy());
    const rude = await startServer((socket) => socket.end('220 mail.example ESMTP\r\n'));
    const odd = [mute, rude].map(({ port }) => `127.0.0.1:${port}`);
    const settings = { imageMode: 'fetch', models: ['*'], privateImageHosts: [...odd, web.host] } as const;
    const other = await startTestGateway({
      beside: passing,
      settings: {
        ...settings,
        privateImageHosts: [...settings.privateImageHosts, `127.0.0.1:${closedPort}`],
      },
    });
    const silent = web.put('/silent', () => undefined);
    const blocked = `http://127.0.0.1:${canary.port}/`;
    const nameless = 'http://no-such-name.example/';
    const closed = `http://127.0.0.1:${closedPort}/`;
    const byRedirect = web.put('/redirect', redirect(closed));
    const addresses = [
      blocked,
      closed,
      silent,
      nameless,
      byRedirect,
      ...odd.map((host) => `http://${host}/`),
    ];
    const answers = await Promise.all(
      addresses.map(async (address) => {
        const start = performance.now();
        const { status, text, json } = await ask(other, [address]);
        return { status, text, json, ms: performance.now() - start };
      }),
    );
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.json).toMatchObject({ error: { message: REFUSALS[0] } });
    // The least time that any failure takes, and not one that is quicker: only slowness can be told apart.
    for (const { ms } of answers) expect(ms).toBeGreaterThanOrEqual(DEFAULT_LIMITS.failureFloorMs - 5);
    await other.close();
    await Promise.all([mute.close(), rude.close()]);
  });
});

describe('proxies in the environment', () => {
  it('are not asked, neither for what is allowed nor for what is not (D9)', async () => {
    const asked: string[] = [];
    const proxy = await startServer((socket, head) => {
      asked.push(head.split('\r\n', 1)[0] ?? '');
      socket.destroy();
    });
    const port = await freePort();
    for (const name of ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY']) {
      vi.stubEnv(name, `http://127.0.0.1:${proxy.port}`);
    }
    // The tests' own requests to the gateway go straight to it.
    for (const name of ['no_proxy', 'NO_PROXY']) vi.stubEnv(name, `127.0.0.1:${port}`);
    const before = getGlobalDispatcher();
    // What NODE_USE_ENV_PROXY=1 does when Node starts.
    setGlobalDispatcher(new EnvHttpProxyAgent());
    const settings = { imageMode: 'fetch', models: ['*'], privateImageHosts: [web.host] } as const;
    const proxied = await startTestGateway({ beside: passing, settings, port });
    try {
      await expect(request(`http://${web.host}/`)).rejects.toThrow();
      expect(asked.splice(0)).toHaveLength(1);
      const bytes = await makePicture('png');
      const good = await ask(proxied, web.put('/a.png', picture(bytes)), { model: LLAVA });
      expect(textOf(good)).toBe(fingerprint(bytes));
      expect(lastInput(proxied).image).toMatch(/^data:/);
      await refusals(proxied, [`http://127.0.0.1:${canary.port}/`, 'http://no-such-name.example/']);
      expect(asked).toEqual([]);
    } finally {
      setGlobalDispatcher(before);
      vi.unstubAllEnvs();
      await proxied.close();
      await proxy.close();
    }
  });
});

it('would be heard by the canary, if one got through', async () => {
  const settings = { imageMode: 'fetch', privateImageHosts: [`127.0.0.1:${canary.port}`] } as const;
  const open = await startTestGateway({ beside: passing, settings });
  expect((await ask(open, `http://127.0.0.1:${canary.port}/`)).status).toBe(400);
  await open.close();
  expect(canary.connections()).toBe(heard + 1);
  heard++;
});
