// A web server on loopback whose pages a test makes up: the places that callers' images come from.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers one request. */
export type Page = (response: ServerResponse, request: IncomingMessage) => void;

/** A running server. */
export interface PictureServer {
  /** `127.0.0.1:PORT`, as `privateImageHosts` takes it. */
  readonly host: string;
  /** What is at which path; 404 everywhere else. */
  readonly pages: Map<string, Page>;
  /** Every request until now, `METHOD path`. */
  readonly asked: string[];
  /** Puts a page, and gives its address. */
  put(path: string, page: Page): string;
  close(): Promise<void>;
}

/** Starts a server on a free port. */
export async function startPictureServer(): Promise<PictureServer> {
  const pages = new Map<string, Page>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { method = '', url = '' } = request;
    asked.push(`${method} ${url}`);
    const page = pages.get(url) ?? status(404);
    page(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    pages,
    asked,
    put: (path, page) => {
      pages.set(path, page);
      return `http://${host}${path}`;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A page with a picture, or whatever else the bytes are. */
export function picture(bytes: Uint8Array, type = 'image/png', headers: Record<string, string> = {}): Page {
  return (response) =>
    response.writeHead(200, { 'content-type': type, 'content-length': bytes.length, ...headers }).end(bytes);
}

/** A page with an error. */
export function status(code: number): Page {
  return (response) => response.writeHead(code, { 'content-type': 'text/plain' }).end('no picture');
}

/** A page that sends elsewhere. */
export function redirect(location: string, code = 302): Page {
  return (response) => response.writeHead(code, { location }).end();
}
