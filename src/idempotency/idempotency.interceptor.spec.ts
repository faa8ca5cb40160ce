import { Controller, HttpCode, Logger, Module, Post, Req, UseInterceptors } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { keyPrincipal } from '../auth/principal.fixture.js';
import { createTestDatabase, execute, type TestDatabase } from '../../test/support/postgres.js';
import { DatabaseModule } from '../database/database.module.js';
import { PrismaService } from '../database/prisma.service.js';
import { isDatabaseUnavailable } from '../database/unavailable.js';
import { ApiError } from '../errors/api-error.js';
import { ErrorFilter } from '../http/error.filter.js';
import { registerJsonBody } from '../http/json-body.js';
import { RouteTable } from '../http/route-table.js';
import { IdempotencyInterceptor } from './idempotency.interceptor.js';
import { IdempotencyModule } from './idempotency.module.js';

/** What the handler does; each call of it would be a bill. */
let handle: (request: FastifyRequest) => unknown;
let bills: FastifyRequest['repetition'][];

@UseInterceptors(IdempotencyInterceptor)
@Controller('v1')
class Door {
  @Post('ask')
  @HttpCode(200)
  ask(@Req() request: FastifyRequest): unknown {
    bills.push(request.repetition);
    return handle(request);
  }

  @Post('other')
  other(): object {
    return {};
  }
}

let database: TestDatabase;
let keys = 0;
const apps: NestFastifyApplication[] = [];

beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await createTestDatabase();
  await execute(database.url, "INSERT INTO tenants (id, name) VALUES ('ten_1', 'One')");
});
afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())));
afterAll(() => database.drop());

/** A gateway with one door. Its handler answers with the bill's number, unless a test says otherwise. */
async function gateway(url = database.url): Promise<NestFastifyApplication> {
  @Module({
    imports: [DatabaseModule.forRoot({ url, poolSize: 10 }), IdempotencyModule],
    controllers: [Door],
  })
  class Gateway {}
  bills = [];
  handle = () => ({ z: bills.length, a: 'answer' });
  const adapter = new FastifyAdapter();
  const fastify = adapter.getInstance();
  registerJsonBody(fastify, 10_000);
  fastify.addHook('onRequest', (request, _reply, done) => {
    request.principal = keyPrincipal();
    done();
  });
  const app = await NestFactory.create<NestFastifyApplication>(Gateway, adapter, {
    logger: false,
    bodyParser: false,
    abortOnError: false,
  });
  app.useGlobalFilters(
    new ErrorFilter(new RouteTable(), (thrown) =>
      isDatabaseUnavailable(thrown) ? new ApiError('database_unavailable', { cause: thrown }) : undefined,
    ),
  );
  await app.init();
  await fastify.ready();
  apps.push(app);
  return app;
}

interface Sent {
  readonly key?: string | undefined;
  readonly body?: object;
  readonly path?: string;
  /** As OpenAI's client counts its repetitions. */
  readonly retry?: number;
}

function send(app: NestFastifyApplication, { key, body = {}, path = '/v1/ask', retry = 0 }: Sent) {
  return app.inject({
    method: 'POST',
    url: path,
    headers: {
      'content-type': 'application/json',
      'x-stainless-retry-count': String(retry),
      ...(key !== undefined && { 'idempotency-key': key }),
    },
    payload: JSON.stringify(body),
  });
}

const newKey = () => `key-${keys++}`;

/** Makes the handler wait until the returned function lets it end. */
function holdHandler(end: () => unknown = () => ({ held: true })): () => void {
  const released = Promise.withResolvers<void>();
  handle = async () => {
    await released.promise;
    return end();
  };
  return () => released.resolve();
}

const billed = (count: number) => expect.poll(() => bills.length, { timeout: 10_000 }).toBe(count);

describe('a request under an Idempotency-Key', () => {
  it('is answered once; whoever asks again gets the same answer to the letter', async () => {
    const [a, b] = [await gateway(), await gateway()];
    const key = newKey();
    const first = await send(a, { key });
    expect([first.statusCode, first.headers['idempotent-replayed']]).toEqual([200, undefined]);
    for (const app of [a, b]) {
      const again = await send(app, { key });
      expect([again.statusCode, again.body, again.headers['idempotent-replayed']]).toEqual([
        200,
        '{"z":1,"a":"answer"}',
        'true',
      ]);
      expect(again.headers['content-type']).toBe(first.headers['content-type']);
    }
    expect(bills).toEqual([{ durable: true, mayJoin: false, onlyJoins: false }]);
  });

  it('is one call though it comes many times at once on two nodes; the others are told to wait (B17)', async () => {
    const [a, b] = [await gateway(), await gateway()];
    const key = newKey();
    const release = holdHandler();
    const statuses: number[] = [];
    const asked = Array.from({ length: 10 }, async (_, i) => {
      statuses.push((await send(i % 2 === 0 ? a : b, { key })).statusCode);
    });
    await expect.poll(() => statuses.length, { timeout: 10_000 }).toBe(9);
    const waiting = await send(b, { key });
    expect(waiting.statusCode).toBe(409);
    expect(waiting.headers).toMatchObject({ 'x-should-retry': 'true', 'retry-after-ms': '1000' });
    expect(waiting.json()).toMatchObject({ error: { code: 'idempotency_in_progress' } });
    release();
    await Promise.all(asked);
    expect(statuses).toEqual([...Array.from({ length: 9 }, () => 409), 200]);
    expect((await send(b, { key })).json()).toEqual({ held: true });
    expect(bills).toHaveLength(1);
  });

  it('lets a repetition of the same client go on with what runs, which may answer first', async () => {
    const [a, b] = [await gateway(), await gateway()];
    const key = newKey();
    const release = holdHandler();
    const first = send(a, { key });
    await billed(1);
    handle = () => ({ joined: true });
    expect((await send(b, { key, retry: 1 })).json()).toEqual({ joined: true });
    expect(bills).toEqual([
      { durable: true, mayJoin: false, onlyJoins: false },
      { durable: true, mayJoin: true, onlyJoins: true },
    ]);
    expect((await send(b, { key })).json()).toEqual({ joined: true });
    release();
    expect((await first).json()).toEqual({ held: true });
    expect((await send(a, { key })).json()).toEqual({ joined: true });
  });

  it('is refused with another body, and on another route (B18)', async () => {
    const app = await gateway();
    const key = newKey();
    await send(app, { key, body: { prompt: 'one' } });
    for (const sent of [{ body: { prompt: 'two' } }, { path: '/v1/other', body: { prompt: 'one' } }]) {
      const answer = await send(app, { key, ...sent });
      expect(answer.statusCode).toBe(422);
      expect(answer.json()).toMatchObject({ error: { code: 'idempotency_mismatch' } });
    }
    expect(bills).toHaveLength(1);
  });

  it('goes on with what a node left that died between the create and the answer (B19)', async () => {
    const [dead, heir] = [await gateway(), await gateway()];
    const key = newKey();
    const release = holdHandler();
    const lost = send(dead, { key });
    await billed(1);
    // The heir has not said yet that it is there.
    await execute(database.url, 'DELETE FROM nodes');
    handle = () => ({ found: true });
    expect((await send(heir, { key })).json()).toEqual({ found: true });
    expect(bills.at(-1)).toEqual({ durable: true, mayJoin: true, onlyJoins: false });
    release();
    await lost;
    expect((await send(heir, { key })).json()).toEqual({ found: true });
  });

  it('gives an error again after which something may have been billed', async () => {
    const app = await gateway();
    const key = newKey();
    handle = () => {
      throw new ApiError('prediction_failed');
    };
    const first = await send(app, { key });
    const again = await send(app, { key });
    expect([again.statusCode, again.body]).toEqual([502, first.body]);
    expect(again.headers).toMatchObject({ 'x-should-retry': 'false', 'idempotent-replayed': 'true' });
    expect(bills).toHaveLength(1);
  });

  it.each(['invalid_value', 'upstream_rate_limited', 'upstream_unavailable'] as const)(
    'can be tried again after %s',
    async (reason) => {
      const app = await gateway();
      const key = newKey();
      handle = () => {
        throw new ApiError(reason);
      };
      expect((await send(app, { key })).statusCode).toBe(new ApiError(reason).status);
      handle = () => ({ ok: true });
      expect((await send(app, { key, body: { another: 'body' } })).json()).toEqual({ ok: true });
      expect(bills.at(-1)).toEqual({ durable: true, mayJoin: false, onlyJoins: false });
    },
  );

  it.each(['client_closed_request', 'shutting_down'] as const)(
    'goes on with what may still run after %s',
    async (reason) => {
      const app = await gateway();
      const key = newKey();
      handle = () => {
        throw new ApiError(reason);
      };
      await send(app, { key });
      handle = () => ({ ok: true });
      expect((await send(app, { key })).json()).toEqual({ ok: true });
      expect(bills.at(-1)).toEqual({ durable: true, mayJoin: true, onlyJoins: false });
    },
  );

  it('passes a stream on, which can be asked for again', async () => {
    const app = await gateway();
    const key = newKey();
    handle = () => new Response('data: 1\n\n');
    for (const mayJoin of [false, true]) {
      expect((await send(app, { key })).body).toBe('data: 1\n\n');
      expect(bills.at(-1)).toEqual({ durable: true, mayJoin, onlyJoins: false });
    }
  });

  it.each(['', ' ', 'a b', 'ä', 'x'.repeat(256)])('is refused when the key is %j', async (key) => {
    const answer = await send(await gateway(), { key });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ error: { code: 'invalid_value', param: 'Idempotency-Key' } });
    expect(bills).toHaveLength(0);
  });

  it('may have a key of 255 characters', async () => {
    expect((await send(await gateway(), { key: '!'.repeat(254) + '~' })).statusCode).toBe(200);
  });

  it('is not begun while the database is away', async () => {
    const app = await gateway('postgresql://a:b@127.0.0.1:1/c');
    const answer = await send(app, { key: newKey() });
    expect([answer.statusCode, answer.json<{ error: object }>().error]).toEqual([
      503,
      expect.objectContaining({ code: 'database_unavailable' }),
    ]);
    expect(bills).toHaveLength(0);
  });

  it('is answered though the answer cannot be kept, which is tried again', async () => {
    const app = await gateway();
    const key = newKey();
    const prisma = app.get(PrismaService);
    handle = async () => {
      await prisma.$executeRaw`ALTER TABLE idempotent_calls RENAME TO away`;
      return { answered: true };
    };
    expect((await send(app, { key })).json()).toEqual({ answered: true });
    await prisma.$executeRaw`ALTER TABLE away RENAME TO idempotent_calls`;
    await expect
      .poll(async () => (await send(app, { key })).headers['idempotent-replayed'], { timeout: 10_000 })
      .toBe('true');
    expect(bills).toHaveLength(1);
  });
});

describe('a request without an Idempotency-Key', () => {
  it('is answered each time, and needs no database', async () => {
    const app = await gateway('postgresql://a:b@127.0.0.1:1/c');
    for (const z of [1, 2]) expect((await send(app, {})).json()).toEqual({ z, a: 'answer' });
    expect(bills).toEqual([undefined, undefined]);
  });
});
