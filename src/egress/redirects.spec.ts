// Redirects of servers that may be asked. Where they lead into the corpus is in its own spec.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answer, closed, type RawServer, startServer, zone } from './egress.fixture.js';
import { GuardedClient } from './guarded.client.js';

let server: RawServer;
let client: GuardedClient;

const path = (head: string): string => head.split(' ')[1] ?? '';

/** `/n` redirects to `/n-1`, down to `/0`. */
const countdown = (head: string): string => {
  const left = Number(path(head).slice(1));
  return left === 0 ? answer('200 OK', [], 'here') : answer('302 Found', [`location: /${left - 1}`], 'moved');
};

let reply: (head: string) => string;
beforeEach(async () => {
  reply = countdown;
  server = await startServer((socket, head) => {
    socket.write(reply(head));
    if (path(head) !== '/endless') return;
    const timer = setInterval(() => socket.write('5\r\nmoved\r\n'), 50);
    socket.on('close', () => clearInterval(timer));
  });
  client = new GuardedClient({
    privateHosts: [`127.0.0.1:${server.port}`, `images.corp:${server.port}`],
    resolve: zone({ 'images.corp': ['127.0.0.1'] }),
    limits: { failureFloorMs: 0 },
  });
});
afterEach(async () => {
  await client.close();
  await server.close();
});

const get = (where: string) => client.get(`http://127.0.0.1:${server.port}${where}`, { maxBytes: 100 });

describe('redirects (D3, P23)', () => {
  it('are followed three times', async () => {
    const { url, bytes } = await get('/3');
    expect([url.pathname, Buffer.from(bytes).toString()]).toEqual(['/0', 'here']);
  });

  it('are not followed a fourth time', async () => {
    await expect(get('/4')).rejects.toMatchObject({ reason: 'refused' });
    expect(server.heads.map(path)).toEqual(['/4', '/3', '/2', '/1']);
  });

  it('end when they go in a circle', async () => {
    reply = () => answer('302 Found', ['location: /again']);
    await expect(get('/')).rejects.toMatchObject({ reason: 'refused' });
    expect(server.heads).toHaveLength(4);
  });

  it('have no body that is waited for', async () => {
    reply = (head) =>
      path(head) === '/endless'
        ? 'HTTP/1.1 302 Found\r\nlocation: /0\r\ntransfer-encoding: chunked\r\n\r\n'
        : countdown(head);
    await get('/endless');
    await closed(server.sockets[0]);
    expect(server.sockets).toHaveLength(2);
  });

  it('lead to other hosts only by way of the guard', async () => {
    reply = (head) =>
      path(head) === '/'
        ? answer('307 x', [`location: http://images.corp:${server.port}/0`])
        : countdown(head);
    expect((await get('/')).url.hostname).toBe('images.corp');
    reply = () => answer('307 x', [`location: http://images.corp:${server.port + 1}/`]);
    await expect(get('/')).rejects.toMatchObject({ reason: 'refused' });
  });

  it('carry neither cookies nor credentials (D4)', async () => {
    reply = (head) =>
      path(head) === '/'
        ? answer('302 x', ['set-cookie: a=1', `location: http://images.corp:${server.port}/0`])
        : answer('200 OK');
    await get('/');
    expect(server.heads[1]).toContain(`host: images.corp:${server.port}`);
    expect(server.heads[1]).not.toMatch(/cookie|authorization|referer/i);
    reply = () => answer('302 x', [`location: http://user:pass@images.corp:${server.port}/0`]);
    await expect(get('/')).rejects.toMatchObject({ reason: 'refused' });
  });

  it.each(['http://[', 'mailto:x@example.com', 'file:///etc/passwd'])(
    'to %s are refused',
    async (location) => {
      reply = () => answer('302 x', [`location: ${location}`]);
      await expect(get('/')).rejects.toMatchObject({ reason: 'refused' });
    },
  );

  it('in two directions at once are refused', async () => {
    reply = () => answer('302 x', ['location: /0', 'location: /0']);
    await expect(get('/')).rejects.toMatchObject({ reason: 'refused' });
  });

  it('without a direction, and other 3xx, are no success', async () => {
    for (const status of ['302 Found', '300 Multiple Choices', '304 Not Modified', '305 Use Proxy']) {
      reply = () => answer(status, status.startsWith('302') ? [] : ['location: /0']);
      await expect(get('/')).rejects.toMatchObject({
        reason: 'bad_status',
        status: Number(status.slice(0, 3)),
      });
    }
  });
});
