// Answers probes while the gateway itself cannot start: alive, but not ready. Everything else is told to come again.
import { createServer, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { ApiError } from './errors/api-error.js';
import { errorBody, errorHeaders } from './http/error-answer.js';

/** A server that stands in for the gateway. */
export interface WaitingRoom {
  /** The port it listens on. */
  readonly port: number;
  /** Gives the port free. */
  close(): Promise<void>;
}

/** Opens the room where the gateway will listen. @throws as `listen` does */
export async function openWaitingRoom({ host, port }: { host: string; port: number }): Promise<WaitingRoom> {
  const server = createServer((request, response) => {
    // Who waits here for the next answer would lose their connection.
    response.shouldKeepAlive = false;
    const path = request.url?.split('?')[0];
    if (path === '/healthz') send(response, 200, { status: 'ok' });
    else if (path === '/readyz')
      send(response, 503, { status: 'unavailable', checks: { database: 'waiting' } });
    else {
      const error = new ApiError('database_unavailable', { retryAfterMs: 1000 });
      send(response, error.status, errorBody(error), errorHeaders(error));
    }
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    port: (server.address() as { port: number }).port,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function send(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  const text = JSON.stringify(body);
  response
    .writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
      ...headers,
    })
    .end(text);
}
