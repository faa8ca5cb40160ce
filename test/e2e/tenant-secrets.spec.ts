// Secrets of tenants: the one that signs alerts, and their own token at Replicate.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEncryptionKeys } from '../../src/config/encryption-keys.js';
import { AdminApi } from '../support/admin.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { contents } from '../support/tables.js';

let gateway: TestGateway;
let admin: AdminApi;
beforeAll(async () => {
  const encryptionKeys = readEncryptionKeys(`1:${Buffer.alloc(32, 7).toString('base64')}`) ?? [];
  gateway = await startTestGateway({ settings: { encryptionKeys } });
  admin = new AdminApi(gateway);
});
afterAll(() => gateway.close());

const URL = 'https://example.com/alerts';
const SECRET = /^whsec_[A-Za-z0-9+/]{43}=$/;

interface Alerts {
  alerts: { url: string | null; thresholds: number[]; secret?: string };
}

/** Everything that is stored, as one text. */
const everything = async () => JSON.stringify(await contents(gateway.databaseUrl));

describe('the secret of alerts', () => {
  it('is made with the first address, shown this once, and stored sealed', async () => {
    const created = await admin.post('/admin/tenants', {
      name: 'x',
      alerts: { url: URL, thresholds: [90, 10] },
    });
    expect(created.status).toBe(201);
    const { alerts, id } = created.json as Alerts & { id: string };
    expect(alerts).toEqual({
      url: URL,
      thresholds: [10, 90],
      secret: expect.stringMatching(SECRET) as string,
    });
    const path = `/admin/tenants/${id}`;
    expect(((await admin.send(path)).json as Alerts).alerts).toEqual({ url: URL, thresholds: [10, 90] });
    const moved = (await admin.patch(path, { alerts: { url: `${URL}/2` } })).json as Alerts;
    expect(moved.alerts).toEqual({ url: `${URL}/2`, thresholds: [10, 90] });
    expect(await everything()).not.toContain(alerts.secret);
  });

  it('is made anew when that is asked for, and after there was no address', async () => {
    const { path } = await admin.tenant();
    const set = (body: object) => admin.patch(path, body);
    const first = ((await set({ alerts: { url: URL } })).json as Alerts).alerts.secret;
    const second = ((await set({ rotate_alert_secret: true })).json as Alerts).alerts.secret;
    await set({ alerts: { url: null } });
    expect((await set({ rotate_alert_secret: true })).json).toMatchObject({
      error: { code: 'invalid_value', param: 'rotate_alert_secret' },
    });
    const third = ((await set({ alerts: { url: URL, thresholds: null } })).json as Alerts).alerts;
    expect(third.thresholds).toEqual([50, 80, 100]);
    for (const secret of [first, second, third.secret]) expect(secret).toMatch(SECRET);
    expect(new Set([first, second, third.secret]).size).toBe(3);
  });

  it.each([
    'http://example.com/',
    'https://127.0.0.1/',
    'https://10.0.0.1/',
    'https://localhost/',
    'https://user:secret@example.com/',
    'https://example.com:8443/',
    'ftp://example.com/',
    'https://[::ffff:169.254.169.254]/',
  ])('goes to no address such as %s', async (url) => {
    const { path } = await admin.tenant();
    const answer = await admin.patch(path, { alerts: { url } });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ error: { code: 'invalid_value', param: 'alerts.url' } });
    expect(((await admin.send(path)).json as Alerts).alerts.url).toBeNull();
  });
});

describe("a tenant's own token", () => {
  it('is stored sealed, and shown nowhere: not in answers, not in the audit log', async () => {
    const { id, path } = await admin.tenant();
    const token = `r8_${'Ab3'.repeat(12)}`;
    const set = await admin.patch(path, { upstream_token: token });
    expect(set.json).toMatchObject({
      upstream_account: { own: true, token_set_at: expect.any(Number) as number },
    });
    const events = await admin.send(`/admin/audit-events?target_id=${id}`);
    expect(events.json).toMatchObject({
      data: [
        { action: 'tenant.create' },
        { action: 'tenant.update', after: { upstream_account: { own: true } } },
      ],
    });
    expect(set.text + events.text + (await admin.send(path)).text + (await everything())).not.toContain(
      token,
    );
    const removed = await admin.patch(path, { upstream_token: null });
    expect(removed.json).toMatchObject({ upstream_account: { own: false, token_set_at: null } });
  });

  it.each(['', ' ', 'two words', 'x'.repeat(201), 5])(
    'is not %j, which no message repeats',
    async (upstream_token) => {
      const { path } = await admin.tenant();
      const answer = await admin.patch(path, { upstream_token });
      expect(answer.status).toBe(400);
      expect(answer.json).toMatchObject({ error: { param: 'upstream_token' } });
      if (String(upstream_token).length > 1) expect(answer.text).not.toContain(String(upstream_token));
    },
  );

  it('cannot be stored without a key to seal it, nor can the secret of alerts', async () => {
    const bare = await startTestGateway({ beside: gateway });
    try {
      const { path } = await admin.tenant();
      const api = new AdminApi(bare);
      for (const body of [{ upstream_token: 'r8_token' }, { name: 'x', alerts: { url: URL } }]) {
        const answer = await api.patch(path, body);
        expect(answer.status).toBe(409);
        expect(answer.json).toMatchObject({ error: { code: 'encryption_not_configured' } });
      }
      expect((await admin.send(path)).json).toMatchObject({ name: 'Acme', alerts: { url: null } });
      expect((await api.patch(path, { upstream_token: null })).status).toBe(200);
    } finally {
      await bare.close();
    }
  });
});
