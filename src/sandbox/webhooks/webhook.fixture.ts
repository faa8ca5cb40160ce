// A receiver of webhooks on loopback for this room's specs. Nothing else imports it.
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A webhook as it came. */
export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A receiver that answers with the statuses given, one after the other, and with 200 from then on. */
export async function receiveWebhooks(...statuses: number[]) {
  const received: Received[] = [];
  const server = createServer((incoming, outgoing) => {
    let text = '';
    incoming.setEncoding('utf8');
    incoming.on('data', (piece: string) => (text += piece));
    incoming.on('end', () => {
      received.push({ headers: incoming.headers, text, body: JSON.parse(text) as Received['body'] });
      outgoing.writeHead(statuses.shift() ?? 200, { location: '/elsewhere' });
      outgoing.end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?a=b`;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url, received, close };
}
