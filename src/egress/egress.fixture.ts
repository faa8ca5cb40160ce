// Servers on loopback that behave as no server should, and canaries that count who knocks. For the specs of this
// room and of the doors.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Resolver } from './resolver.js';

/** Answers one request, of which it gets the head, on the socket itself. */
export type Answering = (socket: Socket, head: string) => void;

/** A server that speaks HTTP by hand. */
export interface RawServer {
  readonly port: number;
  /** The head of every request so far. */
  readonly heads: readonly string[];
  /** Every connection so far. */
  readonly sockets: readonly Socket[];
  close(): Promise<void>;
}

/** Starts a server on a free port, or the given one; with TLS where there is a certificate. */
export async function startServer(
  answer: Answering,
  options: { host?: string; port?: number; tls?: { cert: string; key: string } } = {},
): Promise<RawServer> {
  const heads: string[] = [];
  const sockets: Socket[] = [];
  const accept = (socket: Socket): void => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => {
      heads.push(data.toString());
      answer(socket, data.toString());
    });
  };
  const server = options.tls ? createTlsServer(options.tls, accept) : createServer(accept);
  server.on('tlsClientError', () => undefined);
  await listen(server, options.host ?? '127.0.0.1', options.port ?? 0);
  return {
    port: (server.address() as AddressInfo).port,
    heads,
    sockets,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Canaries on both loopback addresses. */
export interface Canary {
  /** A port on which one listens on 127.0.0.1, and on [::1] where the machine has IPv6. */
  readonly port: number;
  /** Connections so far, to all of them. */
  connections(): number;
  close(): Promise<void>;
}

/**
 * Listens on one free port and, where that is allowed and they are free, on 80 and 443 too: the ports that attacks
 * reach when nothing but the guard stops them.
 */
export async function startCanary(): Promise<Canary> {
  const hear = (host: string, port: number) => startServer((socket) => socket.end(), { host, port });
  const first = await hear('127.0.0.1', 0);
  const wishes = [first.port, 80, 443].flatMap((port) =>
    ['127.0.0.1', '::1'].map((host) => ({ host, port })),
  );
  const others = await Promise.allSettled(wishes.slice(1).map(({ host, port }) => hear(host, port)));
  const heard = [first, ...others.flatMap((server) => (server.status === 'fulfilled' ? [server.value] : []))];
  return {
    port: first.port,
    connections: () => heard.reduce((sum, { sockets }) => sum + sockets.length, 0),
    close: async () => void (await Promise.all(heard.map((server) => server.close()))),
  };
}

/** A whole answer, as text. */
export function answer(status: string, headers: readonly string[] = [], body = ''): string {
  const lines = [`HTTP/1.1 ${status}`, ...headers, `content-length: ${Buffer.byteLength(body)}`];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** Waits until a connection is gone, by a reset or in order. */
export function closed(socket: Socket | undefined): Promise<void> {
  if (!socket || socket.closed) return Promise.resolve();
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

/** A resolver with fixed answers, which rejects like DNS for all other names. */
export function zone(records: Readonly<Record<string, readonly string[]>>): Resolver {
  return (hostname) => {
    const addresses = records[hostname];
    if (addresses) return Promise.resolve(addresses);
    return Promise.reject(Object.assign(new Error(`queryA ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' }));
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
}
