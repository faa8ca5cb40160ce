// A small client of the sandbox for the specs of this room, and pictures to ask about. Nothing else imports
// it.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request, type Dispatcher } from 'undici';
import type { AnsweringModel } from './answering/answering-model.js';
import type { Sandbox } from './sandbox.js';

/** The older version of the default model, which takes `image_urls`. */
export const PHI_URLS = 'eb47203b095603b4189c941667c3e21b7aba6694af845dae9a889a348581ed17';

/** The newer version of the default model, which takes one `image`. */
export const PHI_IMAGE = 'ffcebb3e1c91ddc7eb66216dc604bc6cb843a419829364a8a407a99335450205';

/** A model that repeats its prompt and says how many pictures it got. */
export const echo: AnsweringModel = ({ prompt, pictures }) => `${prompt} (${pictures.length})`;

/** An answer of the sandbox. */
export interface Answer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly text: string;
  /** The parsed body, or an empty object when it is not JSON. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Sends a request with a token, unless other headers are given. */
export async function call(
  method: 'GET' | 'POST' | 'DELETE',
  url: string,
  options: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { statusCode, headers, body } = await request(url, {
    method,
    headers: { authorization: 'Bearer r8_spec', 'content-type': 'application/json', ...options.headers },
    ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
  });
  const text = await body.text();
  return { status: statusCode, headers, text, body: parsed(text) };
}

/** Creates a prediction of the default model's newer version, with an embedded picture. */
export function create(
  sandbox: Sandbox,
  options: { headers?: Record<string, string>; input?: object; version?: string } = {},
): Promise<Answer> {
  const body = {
    version: options.version ?? PHI_IMAGE,
    input: { prompt: 'Hello', image: 'data:image/png;base64,AAAA', ...options.input },
  };
  return call('POST', `${sandbox.baseUrl}/predictions`, {
    body,
    ...(options.headers && { headers: options.headers }),
  });
}

/** Reads a prediction. */
export function read(sandbox: Sandbox, created: Answer): Promise<Answer> {
  return call('GET', `${sandbox.baseUrl}/predictions/${String(created.body.id)}`);
}

/** Reads a prediction until it has ended. */
export async function ended(sandbox: Sandbox, created: Answer): Promise<Answer> {
  for (;;) {
    const answer = await read(sandbox, created);
    if (!['starting', 'processing'].includes(String(answer.body.status))) return answer;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A server of files on loopback: path to status and bytes, with the paths that were asked for. */
export async function serveFiles(
  files: Readonly<Record<string, { status?: number; headers?: Record<string, string>; bytes?: Uint8Array }>>,
): Promise<{ origin: string; asked: string[]; server: Server }> {
  const asked: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? '';
    asked.push(path);
    const file = files[path] ?? { status: 404 };
    outgoing.writeHead(file.status ?? 200, file.headers);
    outgoing.end(file.bytes ?? 'nothing');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, server };
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}
