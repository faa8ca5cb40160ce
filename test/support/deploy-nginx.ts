// The nginx of the repository in front of test gateways: its own configuration, with other addresses and paths.
import { readFileSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { eventually, freePort } from './gateway.js';
import { ROOT, runTool, type ToolEnd, ToolServer } from './deploy-tools.js';
import { temporaryFolder } from './process.js';

/** Where nginx listens, by the ports of its configuration. */
interface Ports {
  readonly callers: number;
  readonly operators: number;
  readonly health: number;
}

/** A running nginx. */
export interface TestNginx {
  /** For callers. */
  readonly url: string;
  /** For operators. */
  readonly operatorsUrl: string;
  /** The lines of its access log. */
  accessLog(): readonly Readonly<Record<string, unknown>>[];
  /** What it has complained of. */
  errors(): string;
  stop(): Promise<void>;
}

/** Replaces exactly one place of a text; throws where there is none, or more. */
function replaced(text: string, from: string | RegExp, to: string): string {
  const places = text.split(from).length - 1;
  if (places !== 1) throw new Error(`${from.toString()} is there ${places} times`);
  return text.replace(from, () => to);
}

/**
 * The configuration of the repository for this machine. What nginx 1.27.3 brought, `resolve`, makes way for addresses, so
 * that Debian's older nginx reads the rest.
 */
function configuration(folder: string, nodes: readonly string[], ports: Ports): string {
  let text = readFileSync(join(ROOT, 'deploy/nginx/nginx.conf'), 'utf8').replaceAll('/tmp/', `${folder}/`);
  const servers = nodes.map((node) => `server ${new URL(node).host} max_fails=0;`);
  text = replaced(text, /server cerebro:3000 resolve max_fails=0;/, servers.join('\n'));
  text = replaced(text, /listen 8080 /, `listen 127.0.0.1:${ports.callers} `);
  text = replaced(text, /listen 8081;/, `listen 127.0.0.1:${ports.operators};`);
  text = replaced(text, /listen 127\.0\.0\.1:8082;/, `listen 127.0.0.1:${ports.health};`);
  text = replaced(text, /worker_rlimit_nofile 20000;/, '');
  // A child's standard output may be a socket, which cannot be opened by its path.
  return replaced(text, /\/dev\/stdout/, join(folder, 'access.log'));
}

function write(folder: string, nodes: readonly string[], ports: Ports): string {
  const path = join(folder, 'nginx.conf');
  writeFileSync(path, configuration(folder, nodes, ports));
  writeFileSync(join(folder, 'answers.conf'), readFileSync(join(ROOT, 'deploy/nginx/answers.conf')));
  return path;
}

/** What `nginx -t` says of the configuration. */
export function checkConfiguration(): ToolEnd {
  const folder = temporaryFolder();
  try {
    const path = write(folder.path, ['http://127.0.0.1:3000'], {
      callers: 8080,
      operators: 8081,
      health: 8082,
    });
    return runTool('nginx', '-t', '-c', path, '-p', folder.path, '-e', 'stderr');
  } finally {
    folder.remove();
  }
}

/** Starts nginx on loopback in front of gateways. */
export async function startNginx(nodes: readonly string[]): Promise<TestNginx> {
  const folder = temporaryFolder();
  const ports = { callers: await freePort(), operators: await freePort(), health: await freePort() };
  const path = write(folder.path, nodes, ports);
  const server = ToolServer.start(
    'nginx',
    '-c',
    path,
    '-p',
    folder.path,
    '-e',
    'stderr',
    '-g',
    'daemon off;',
  );
  const health = `http://127.0.0.1:${ports.health}/`;
  await eventually('nginx answers', async () => {
    if (server.isOver) throw new Error(`nginx has ended: ${server.output}`);
    return fetch(health).then(
      ({ ok }) => ok,
      () => false,
    );
  });
  return {
    url: `http://127.0.0.1:${ports.callers}`,
    operatorsUrl: `http://127.0.0.1:${ports.operators}`,
    accessLog: () =>
      readFileSync(join(folder.path, 'access.log'), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    errors: () => server.output,
    stop: async () => {
      await server.stop();
      folder.remove();
    },
  };
}

/** What to send to nginx. */
export interface NginxSent {
  readonly method?: string;
  readonly key?: string | null;
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** The address to come from, of 127.0.0.0/8. */
  readonly from?: string;
}

/** What nginx, or a gateway behind it, has answered. */
export interface NginxAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  /** The body as JSON. */
  readonly json: never;
}

/** Sends a request with its path as it is written, on a connection of its own. */
export function ask(
  url: string,
  path: string,
  { method = 'GET', key, body, headers, from }: NginxSent = {},
): Promise<NginxAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({
      ...{ hostname, port, path, method, agent: false },
      ...(from !== undefined && { localAddress: from }),
      headers: {
        ...(key && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        }),
        ...headers,
      },
    });
    sent.on('error', reject);
    sent.on('response', (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (text += chunk));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          text,
          get json(): never {
            return JSON.parse(text) as never;
          },
        }),
      );
    });
    sent.end(body);
  });
}
