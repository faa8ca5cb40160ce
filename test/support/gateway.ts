// A whole gateway for one spec file: real HTTP, real PostgreSQL, the sandbox for Replicate.
import { createServer } from 'node:net';
import { request as httpRequest } from 'undici';
import { createApp } from '../../src/app.js';
import type { ReadySettings } from '../../src/app.module.js';
import { parseSettings } from '../../src/config/settings.js';
import { buildDocument } from '../../src/http/openapi.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import type { SandboxOptions } from '../../src/sandbox/options.js';
import { newWebhookSecret } from '../../src/sandbox/webhooks/signature.js';
import { Telemetry } from '../../src/telemetry/telemetry.js';
import { canary, expectNone } from './canary.js';
import { findInTables } from './canary-tables.js';
import { describedBy, expectConformant } from './conformance.js';
import { createTestDatabase } from './postgres.js';

/** The root key of every test gateway's admin API. */
export const ADMIN_KEY = 'test-admin-key-0123456789';

/** The gateway's token at Replicate. */
export const REPLICATE_TOKEN = 'canary-token-at-replicate-4711';

/** An answer, read. */
export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
  /** The body as JSON. */
  readonly json: never;
}

/** What to send. */
export interface Sent {
  readonly method?: string;
  /** Sent as JSON; a string or bytes are sent as they are. */
  readonly body?: unknown;
  readonly key?: string | null;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

/** A running gateway and what it runs on. */
export interface TestGateway {
  readonly url: string;
  readonly databaseUrl: string;
  readonly sandbox: Sandbox;
  /** A good key of a tenant. */
  readonly key: string;
  readonly tenantId: string;
  readonly app: Awaited<ReturnType<typeof createApp>>;
  /**
   * Sends a request, with the tenant's key unless another, or null for none, is given. Fails where the answer is not
   * as openapi.json and OpenAI's document say.
   */
  send(path: string, sent?: Sent): Promise<Answer>;
  /** Asks the usual question, changed by `body`. */
  complete(body?: Record<string, unknown>, sent?: Sent): Promise<Answer>;
  close(): Promise<void>;
}

/** How a gateway differs from the usual one. */
export interface TestGatewayOptions {
  readonly settings?: Partial<ReadySettings>;
  readonly sandbox?: SandboxOptions;
  /** Another node of this gateway: on its database, its sandbox and its keys. */
  readonly beside?: TestGateway;
  /** A port to listen on, where the gateway must know its own address. */
  readonly port?: number;
}

/** Starts a gateway on a free port. Its sandbox answers `A red bicycle.` to everything. */
export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const { beside } = options;
  const database = beside ? undefined : await createTestDatabase();
  const sandbox = beside?.sandbox ?? (await startTestSandbox(options.sandbox));
  const settings: ReadySettings = {
    ...parseSettings({}),
    databaseUrl: beside?.databaseUrl ?? database?.url ?? '',
    replicateToken: REPLICATE_TOKEN,
    replicateBaseUrl: sandbox.baseUrl,
    privateImageHosts: [new URL(sandbox.baseUrl).host],
    adminKey: ADMIN_KEY,
    keyPepper: 'test-pepper-0123456789',
    ...options.settings,
  };
  learnSecrets(settings);
  const app = await createApp({ settings, logger: canary.logger });
  describedBy(() => buildDocument(app.nest, {}));
  await app.nest.listen(options.port ?? 0, '127.0.0.1');
  const { port } = app.nest.getHttpServer().address() as { port: number };
  const url = `http://127.0.0.1:${port}`;
  const { key, tenantId } = beside ?? (await makeTenant(url));
  return {
    url,
    databaseUrl: settings.databaseUrl,
    sandbox,
    key,
    tenantId,
    app,
    send: (path, sent = {}) => send(url, path, { key, ...sent }),
    complete: (body = {}, sent = {}) =>
      send(url, '/v1/completions', { method: 'POST', key, body: { ...question(), ...body }, ...sent }),
    close: async () => {
      const metrics = await app.nest.get(Telemetry).metrics.text();
      await app.nest.close();
      if (!beside) await sandbox.close();
      const found = [...canary.findIn('/metrics', metrics), ...canary.findInLog()];
      if (database) found.push(...(await findInTables(canary, database.url)));
      await database?.drop();
      expectNone(found);
    },
  };
}

/** A tenant with a key, made through the admin API. */
export async function makeTenant(url: string): Promise<{ tenantId: string; key: string }> {
  const admin = async (path: string, body: object): Promise<{ id: string; key: string }> =>
    (await send(url, path, { method: 'POST', body, key: ADMIN_KEY })).json;
  const { id: tenantId } = await admin('/admin/tenants', { name: 'Acme' });
  const { key } = await admin(`/admin/tenants/${tenantId}/keys`, { name: 'test' });
  return { tenantId, key };
}

/** The sandbox of a test gateway, for gateways in processes of their own too. */
export function startTestSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const webhookSecret = options.webhookSecret ?? newWebhookSecret();
  canary.learn('secret', webhookSecret);
  return startSandbox({
    model: () => 'A red bicycle.',
    fetchPicture: () => Promise.resolve({ status: 200, bytes: new Uint8Array() }),
    ...options,
    webhookSecret,
  });
}

/** What a gateway is told that nobody else may be. */
function learnSecrets(settings: ReadySettings): void {
  const { adminKey, keyPepper, keyPepperPrevious, replicateToken, metricsToken, encryptionKeys } = settings;
  for (const secret of [adminKey, keyPepper, keyPepperPrevious, replicateToken, metricsToken])
    canary.learn('secret', secret);
  canary.learn('secret', URL.parse(settings.databaseUrl)?.password);
  for (const { key } of encryptionKeys) {
    canary.learn('secret', key.export().toString('base64'));
    canary.learn('secret', key.export().toString('hex'));
  }
}

/** A port that is free now, for a gateway that must know its own address before it listens. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The usual request, about a picture of the sandbox's. */
export function question(): Record<string, unknown> {
  return {
    prompt: 'Describe the image.',
    image_urls: 'https://example.com/image.jpg',
    max_tokens: 1000,
    temperature: 0.7,
    do_sample: true,
  };
}

async function send(
  url: string,
  path: string,
  { method = 'GET', body, key, headers, signal }: Sent,
): Promise<Answer> {
  canary.sent(body);
  const raw = typeof body === 'string' || body instanceof Uint8Array;
  const answer = await httpRequest(url + path, {
    method: method as 'GET',
    headers: {
      ...(key && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: raw ? body : JSON.stringify(body) }),
    ...(signal && { signal }),
  });
  const text = await answer.body.text();
  canary.answered(answer.statusCode, text);
  if (answer.statusCode >= 400) expectNone(canary.findIn(`the answer to ${method} ${path}`, text));
  expectConformant({ method, path, status: answer.statusCode, headers: answer.headers, text });
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text,
    get json(): never {
      return JSON.parse(text) as never;
    },
  };
}

/** Waits until `check` holds; fails with `what` after a time. */
export async function eventually(
  what: string,
  check: () => boolean | Promise<boolean>,
  limitMs = 10_000,
): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
