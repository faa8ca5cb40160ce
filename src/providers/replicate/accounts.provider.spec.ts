import { Telemetry } from '../../telemetry/telemetry.js';
// Two accounts on one Replicate, which is a server here that writes down who asks it for what.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SettingsService } from '../../config/config.module.js';
import { ApiError } from '../../errors/api-error.js';
import type { InferenceRequest } from '../../inference/inference.js';
import type { PredictionRecord } from '../../inference/prediction-record.js';
import { upstreamAccount } from '../../inference/upstream-account.js';
import { fixedToken } from './access-token.js';
import { AccountPool } from './account-pool.js';
import { AccountsProvider } from './accounts.provider.js';
import { ReplicateConnection } from './connection.js';
import { requestOf, schemaOf, TEXT } from './model-interface.fixture.js';

const TOKEN = 'r8_the-tenants-own-token';
const account = upstreamAccount('ten_a:1', TOKEN);
const VERSION = 'a'.repeat(64);
const signal = new AbortController().signal;
const record: PredictionRecord = {
  id: 'prd_1',
  upstreamId: undefined,
  hasEnded: false,
  sent: () => undefined,
  reported: () => true,
  refused: () => undefined,
  onNews: () => () => undefined,
};

interface Asked {
  readonly path: string;
  readonly token: string | undefined;
  readonly body: string;
}

let server: Server;
let asked: Asked[];
let status: number;
let provider: AccountsProvider;

beforeEach(async () => {
  asked = [];
  status = 200;
  server = createServer((request, response) => {
    void readText(request).then((body) => {
      const { url: path = '', headers } = request;
      asked.push({ path, token: headers.authorization, body });
      response.writeHead(status, { 'content-type': 'application/json' });
      const refusal = { status, title: 'Refused', detail: `The token ${headers.authorization} is no good` };
      response.end(JSON.stringify(status < 300 ? answerTo(path) : refusal));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const values: Record<string, unknown> = {
    replicateBaseUrl: `http://127.0.0.1:${port}/v1`,
    predictionTimeoutMs: 10_000,
    createsPerMinute: 1,
    modelConcurrency: 10,
  };
  const settings = { get: (name: string) => values[name] } as unknown as SettingsService;
  const connect = (token: string, webhookUrl?: string) =>
    new ReplicateConnection(settings, { token: fixedToken(token), webhookUrl, telemetry: new Telemetry() })
      .provider;
  provider = new AccountsProvider(
    connect('r8_gateway', 'https://cerebro.example'),
    new AccountPool(({ token }) => connect(token)),
  );
});
afterEach(async () => {
  provider.onModuleDestroy();
  await provider.onApplicationShutdown();
  await new Promise((resolve) => server.close(resolve));
});

async function readText(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

const prediction = (id: string) => ({ id, status: 'succeeded', output: 'yes', input: {}, urls: {} });

function answerTo(path: string): object {
  if (path.endsWith('/cancel')) return prediction('p1');
  if (/\/predictions\/\w+$/.test(path)) return prediction('p1');
  if (path.startsWith('/v1/models/')) return { id: VERSION, openapi_schema: schemaOf({ prompt: TEXT }) };
  return { ...prediction('p1'), results: [] };
}

const own: Partial<InferenceRequest> = { account };
const planOf = (more: Partial<InferenceRequest>) =>
  provider.plan(requestOf({ model: { id: 'm', upstream: 'o/m', version: VERSION }, ...more }), signal);
const infer = async (more: Partial<InferenceRequest>) => {
  const call = await provider.prepare(await planOf(more), [], signal);
  return provider.infer(call, record, signal);
};
const tokens = () => [...new Set(asked.map(({ token }) => token))];
const failureOf = async (act: Promise<unknown>): Promise<ApiError> => {
  const error: unknown = await act.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ApiError) return error;
  throw new Error(`no ApiError: ${inspect(error)}`);
};

describe("a tenant's own account", () => {
  it('asks for the model, creates and waits with its own token', async () => {
    expect(await infer(own)).toMatchObject({ id: 'p1', text: 'yes' });
    expect(tokens()).toEqual([`Bearer ${TOKEN}`]);
    expect(asked.map(({ path }) => path)).toEqual([`/v1/models/o/m/versions/${VERSION}`, '/v1/predictions']);
  });

  it('resumes, looks, cancels and lists with its own token', async () => {
    const plan = await planOf(own);
    await provider.resume(plan, 'p1', record, signal);
    await provider.look('p1', account);
    await provider.cancel('p1', account);
    await provider.list(1, account);
    expect(tokens()).toEqual([`Bearer ${TOKEN}`]);
    expect(asked).toHaveLength(5);
  });

  it("leaves everything else to the gateway's", async () => {
    await infer({});
    await provider.look('p1');
    await provider.cancel('p1');
    await provider.list(1);
    expect(tokens()).toEqual(['Bearer r8_gateway']);
  });

  it("orders no webhooks, which the gateway's does", async () => {
    await infer({});
    await infer(own);
    const creates = asked.filter(({ path }) => path === '/v1/predictions');
    expect(creates.map(({ body }) => body.includes('/webhooks/replicate/prd_1'))).toEqual([true, false]);
  });

  it('remembers its models for itself: what one account may see is no other one’s', async () => {
    await planOf(own);
    await planOf({});
    await planOf(own);
    expect(tokens()).toEqual([`Bearer ${TOKEN}`, 'Bearer r8_gateway']);
    expect(asked).toHaveLength(2);
  });

  it('has creates of its own in a minute', async () => {
    await infer({});
    // The gateway's one create of this minute is used up, its own is not.
    expect((await infer(own)).text).toBe('yes');
    expect((await failureOf(infer({}))).reason).toBe('upstream_rate_limited');
  });
});

describe('a refusal', () => {
  it.each([
    [401, 'upstream_auth', /tenant's own API token.*PATCH \/admin\/tenants\/\{id\}/],
    [402, 'upstream_billing', /tenant's own Replicate account.*PATCH \/admin\/tenants\/\{id\}/],
  ] as const)("with %s of a tenant's own account is told as such", async (code, reason, message) => {
    const plan = await planOf(own);
    const call = await provider.prepare(plan, [], signal);
    status = code;
    for (const act of [
      () => provider.infer(call, record, signal),
      () => provider.look('p1', account),
      () => provider.cancel('p1', account),
      () => provider.list(1, account),
      () => planOf({ ...own, model: { id: 'n', upstream: 'o/n', version: VERSION } }),
    ]) {
      const error = await failureOf(act());
      expect(error.reason).toBe(reason);
      expect(error.message).toMatch(message);
    }
  });

  it("of a tenant's own account ends the wait for a prediction", async () => {
    const plan = await planOf(own);
    status = 401;
    const error = await failureOf(provider.resume(plan, 'p1', record, signal));
    expect(error.message).toContain("tenant's own API token");
  });

  it("of the gateway's account is told as before", async () => {
    const call = await provider.prepare(await planOf({}), [], signal);
    status = 401;
    const error = await failureOf(provider.infer(call, record, signal));
    expect(error.reason).toBe('upstream_auth');
    expect(error.message).toContain("gateway's own credentials");
  });
});

describe('the token', () => {
  it('is in no plan, no call and no error, however they are printed', async () => {
    const plan = await planOf(own);
    const call = await provider.prepare(plan, [], signal);
    status = 401;
    const errors = await Promise.all([
      failureOf(provider.infer(call, record, signal)),
      failureOf(provider.look('p1', account)),
      failureOf(planOf({ ...own, model: { id: 'n', upstream: 'o/n' } })),
    ]);
    for (const value of [plan, call, { ...call.plan.request }, ...errors]) {
      expect(inspect(value, { depth: 30, showHidden: true, getters: true })).not.toContain(TOKEN);
      expect(JSON.stringify(value)).not.toContain(TOKEN);
    }
    expect(inspect(errors, { depth: 30 })).toContain('The token Bearer … is no good');
  });
});
