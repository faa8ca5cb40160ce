import { Controller, HttpCode, Module, Post, Req, UseInterceptors } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { keyPrincipal } from '../auth/principal.fixture.js';
import { createTestDatabase, execute, type TestDatabase } from '../../test/support/postgres.js';
import { DatabaseModule } from '../database/database.module.js';
import { ApiError } from '../errors/api-error.js';
import { ErrorFilter } from '../http/error.filter.js';
import { type EventStream, TheEventStream } from '../http/event-stream.decorator.js';
import { registerJsonBody } from '../http/json-body.js';
import { RouteTable } from '../http/route-table.js';
import { IdempotencyInterceptor } from './idempotency.interceptor.js';
import { IdempotencyModule } from './idempotency.module.js';

/** What the handler streams; each call of it would be a bill. */
let frames: () => AsyncGenerator<object, void, undefined>;
let bills: FastifyRequest['repetition'][];

@UseInterceptors(IdempotencyInterceptor)
@Controller('v1')
class Door {
  @Post('ask')
  @HttpCode(200)
  ask(@Req() request: FastifyRequest, @TheEventStream() stream: EventStream): unknown {
    bills.push(request.repetition);
    return stream(frames());
  }
}

let database: TestDatabase;
let app: NestFastifyApplication;
let url: string;
let keys = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  await execute(database.url, "INSERT INTO tenants (id, name) VALUES ('ten_1', 'One')");
  @Module({
    imports: [DatabaseModule.forRoot({ url: database.url, poolSize: 10 }), IdempotencyModule],
    controllers: [Door],
  })
  class Gateway {}
  const adapter = new FastifyAdapter({ forceCloseConnections: true });
  const fastify = adapter.getInstance();
  registerJsonBody(fastify, 10_000);
  fastify.decorate('eventStreams', { heartbeatMs: 60_000, translate: () => undefined });
  fastify.addHook('onRequest', (request, _reply, done) => {
    request.principal = keyPrincipal();
    done();
  });
  const options = { logger: false, bodyParser: false, abortOnError: false } as const;
  app = await NestFactory.create<NestFastifyApplication>(Gateway, adapter, options);
  app.useGlobalFilters(new ErrorFilter(new RouteTable(), () => undefined));
  await app.listen(0, '127.0.0.1');
  url = `${await app.getUrl()}/v1/ask`;
});
afterAll(async () => {
  await app.close();
  await database.drop();
});
beforeEach(() => {
  bills = [];
});

const newKey = () => `key-${keys++}`;
const WHOLE = 'data: {"piece":1}\n\ndata: {"piece":2}\n\ndata: [DONE]\n\n';
const MAY_JOIN = { durable: true, mayJoin: true, onlyJoins: false };
const NEW = { ...MAY_JOIN, mayJoin: false };

interface Sent {
  readonly body?: object;
  readonly signal?: AbortSignal;
  readonly retry?: number;
}

function ask(key: string, { body = {}, signal, retry = 0 }: Sent = {}): Promise<Response> {
  const headers = {
    'content-type': 'application/json',
    'idempotency-key': key,
    'x-stainless-retry-count': String(retry),
  };
  return fetch(url, { method: 'POST', headers, body: JSON.stringify(body), ...(signal && { signal }) });
}

async function* pieces(): AsyncGenerator<object, void, undefined> {
  yield { piece: 1 };
  yield await Promise.resolve({ piece: 2 });
}

/** Frames that wait: before the first, or before the second. */
function held(after: 0 | 1) {
  const released = Promise.withResolvers<void>();
  const generator = async function* (): AsyncGenerator<object, void, undefined> {
    if (after === 0) await released.promise;
    yield { piece: 1 };
    if (after === 1) await released.promise;
    yield { piece: 2 };
  };
  return { generator, release: () => released.resolve(), fail: (error: Error) => released.reject(error) };
}

const billed = (count: number) => expect.poll(() => bills.length, { timeout: 10_000 }).toBe(count);
const codeOf = async (response: Response) =>
  ((await response.json()) as { error: { code: string } }).error.code;
/** The first status that is not `still running`. */
async function askUntilFree(key: string): Promise<Response> {
  for (;;) {
    const response = await ask(key);
    if (response.status !== 409) return response;
    await response.text();
  }
}

describe('a stream under an Idempotency-Key', () => {
  it.each([0, 1] as const)('is running until its end: after %i pieces another is a 409', async (after) => {
    const key = newKey();
    const { generator, release } = held(after);
    frames = generator;
    const first = ask(key);
    await billed(1);
    if (after === 1) await first;
    const second = await ask(key);
    expect([second.status, await codeOf(second)]).toEqual([409, 'idempotency_in_progress']);
    release();
    expect(await (await first).text()).toBe(WHOLE);
    expect(bills).toEqual([NEW]);
  });

  it('can be asked for again when it is over, and goes on with what there is', async () => {
    const key = newKey();
    frames = pieces;
    expect(await (await ask(key)).text()).toBe(WHOLE);
    expect(await (await askUntilFree(key)).text()).toBe(WHOLE);
    expect(bills).toEqual([NEW, MAY_JOIN]);
  });

  it('is refused with another body, also when it is over', async () => {
    const key = newKey();
    frames = pieces;
    await (await ask(key)).text();
    expect((await ask(key, { body: { another: 1 } })).status).toBe(422);
    expect(bills).toEqual([NEW]);
  });

  it('lets a repetition of the same client join while it runs, which neither ends nor frees it', async () => {
    const key = newKey();
    const { generator, release } = held(1);
    frames = generator;
    const first = await ask(key);
    frames = pieces;
    expect(await (await ask(key, { retry: 1 })).text()).toBe(WHOLE);
    expect((await ask(key)).status).toBe(409);
    release();
    expect(await first.text()).toBe(WHOLE);
    expect(bills).toEqual([NEW, { ...MAY_JOIN, onlyJoins: true }]);
  });

  it.each(['invalid_value', 'upstream_rate_limited'] as const)(
    'that failed of %s before its first piece frees its key',
    async (reason) => {
      const key = newKey();
      const { generator, fail } = held(0);
      frames = generator;
      const first = ask(key);
      await billed(1);
      fail(new ApiError(reason));
      expect((await first).status).toBe(new ApiError(reason).status);
      frames = pieces;
      expect(await (await ask(key, { body: { another: 1 } })).text()).toBe(WHOLE);
      expect(bills).toEqual([NEW, NEW]);
    },
  );

  it('gives an error again that came before its first piece and may have been billed', async () => {
    const key = newKey();
    const { generator, fail } = held(0);
    frames = generator;
    const first = ask(key);
    await billed(1);
    fail(new ApiError('prediction_failed'));
    const again = [await first, await ask(key)];
    expect(again.map(({ status }) => status)).toEqual([502, 502]);
    expect(again[1]?.headers.get('idempotent-replayed')).toBe('true');
    expect(await again[1]?.text()).toBe(await again[0]?.text());
    expect(bills).toEqual([NEW]);
  });

  it.each([0, 1] as const)('that is left after %i pieces is handed over to the next', async (after) => {
    const key = newKey();
    const { generator } = held(after);
    frames = generator;
    const leaving = new AbortController();
    const first = ask(key, { signal: leaving.signal });
    first.catch(() => undefined);
    await billed(1);
    if (after === 1) await first;
    expect((await ask(key)).status).toBe(409);
    leaving.abort();
    frames = pieces;
    expect(await (await askUntilFree(key)).text()).toBe(WHOLE);
    expect(bills).toEqual([NEW, MAY_JOIN]);
  });
});
