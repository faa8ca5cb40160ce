// An endpoint on loopback that takes alerts, and answers as it is told.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What has arrived. */
export interface Arrival {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** In milliseconds since the epoch. */
  readonly at: number;
}

/** Answers one delivery. */
export type Answer = (response: ServerResponse, arrival: Arrival) => void;

/** The endpoint. */
export interface WebhookSink {
  /** `127.0.0.1:PORT`, as `privateImageHosts` takes it. */
  readonly host: string;
  readonly url: string;
  readonly arrivals: readonly Arrival[];
  /** Deliveries that are not answered yet. */
  readonly open: number;
  /** Answers with these, one after the other, and with 200 then. */
  script(...answers: (number | Answer)[]): void;
  close(): Promise<void>;
}

/** Starts an endpoint on a free port. */
export async function startWebhookSink(): Promise<WebhookSink> {
  const arrivals: Arrival[] = [];
  const answers: Answer[] = [];
  let open = 0;
  const server = createServer((request, response) => {
    open += 1;
    response.on('close', () => (open -= 1));
    void read(request).then((arrival) => {
      arrivals.push(arrival);
      (answers.shift() ?? status(200))(response, arrival);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    url: `http://${host}/hook`,
    arrivals,
    get open() {
      return open;
    },
    script: (...more) => void answers.push(...more.map((it) => (typeof it === 'number' ? status(it) : it))),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An answer with a status and headers. */
export function status(code: number, headers: Record<string, string> = {}): Answer {
  return (response) => response.writeHead(code, headers).end();
}

async function read(request: IncomingMessage): Promise<Arrival> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
  );
  return { path: request.url ?? '', headers, body: Buffer.concat(chunks).toString('utf8'), at: Date.now() };
}
