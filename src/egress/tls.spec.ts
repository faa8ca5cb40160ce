// TLS: certificates are verified against the name in the address, and there is no way down to http.
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { selfSigned } from './certificate.fixture.js';
import { answer, type RawServer, startServer, zone } from './egress.fixture.js';
import { GuardedClient } from './guarded.client.js';

const trusted = selfSigned('images.corp');
const stranger = selfSigned('images.corp');
const authorities = getCACertificates('default');

let server: RawServer;
let impostor: RawServer;
let plain: RawServer;
let client: GuardedClient;

beforeAll(async () => {
  setDefaultCACertificates([...authorities, trusted.cert]);
  plain = await startServer((socket) => socket.write(answer('200 OK')));
  const down = answer('302 x', [`location: http://images.corp:${plain.port}/`]);
  server = await startServer(
    (socket, head) => socket.write(head.startsWith('GET /down') ? down : answer('200 OK', [], 'safe')),
    { tls: trusted },
  );
  impostor = await startServer((socket) => socket.write(answer('200 OK')), { tls: stranger });
  client = new GuardedClient({
    privateHosts: ['images.corp', 'other.corp', '127.0.0.1'],
    resolve: zone({ 'images.corp': ['127.0.0.1'], 'other.corp': ['127.0.0.1'] }),
    limits: { failureFloorMs: 0 },
  });
});
afterAll(async () => {
  setDefaultCACertificates(authorities);
  await client.close();
  await Promise.all([server, impostor, plain].map((each) => each.close()));
});

const get = (address: string) => client.get(address, { maxBytes: 100 });

describe('https', () => {
  it('reaches a host whose certificate is for its name', async () => {
    const { bytes } = await get(`https://images.corp:${server.port}/`);
    expect(Buffer.from(bytes).toString()).toBe('safe');
  });

  it('reaches no host whose certificate is for another name, or for none', async () => {
    for (const host of ['other.corp', '127.0.0.1'])
      await expect(get(`https://${host}:${server.port}/`)).rejects.toMatchObject({
        reason: 'unreachable',
        cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
      });
  });

  it('reaches no host whose certificate nobody vouches for', async () => {
    await expect(get(`https://images.corp:${impostor.port}/`)).rejects.toMatchObject({
      reason: 'unreachable',
    });
    expect(impostor.heads).toEqual([]);
  });

  it('is verified whatever the environment says', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    try {
      await expect(get(`https://images.corp:${impostor.port}/`)).rejects.toMatchObject({
        reason: 'unreachable',
      });
      await expect(get(`https://other.corp:${server.port}/`)).rejects.toMatchObject({
        reason: 'unreachable',
      });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('is not left for http, even where that is allowed (D3)', async () => {
    await expect(get(`http://images.corp:${plain.port}/`)).resolves.toBeDefined();
    await expect(get(`https://images.corp:${server.port}/down`)).rejects.toMatchObject({ reason: 'refused' });
    expect(plain.heads).toHaveLength(1);
  });
});
