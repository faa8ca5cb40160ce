// The door of the audit log as Nest builds it, on a real database, below the guard.
import { Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres.js';
import { REQUIREMENT } from '../contracts/requires.decorator.js';
import { DatabaseModule } from '../database/database.module.js';
import { PrismaService } from '../database/prisma.service.js';
import { ErrorFilter } from '../http/error.filter.js';
import { RequestValidationPipe } from '../http/request-validation.pipe.js';
import { RouteTable } from '../http/route-table.js';
import { auditActorOf } from './actor.decorator.js';
import { AuditLog } from './audit-log.service.js';
import { AuditController } from './audit.controller.js';
import { eventOf } from './audit.fixture.js';
import { AuditModule } from './audit.module.js';

@Module({})
class TestApp {}

let database: TestDatabase;
let app: NestFastifyApplication;
beforeAll(async () => {
  Logger.overrideLogger(false);
  database = await createTestDatabase();
  app = await NestFactory.create<NestFastifyApplication>(
    { module: TestApp, imports: [DatabaseModule.forRoot({ url: database.url, poolSize: 2 }), AuditModule] },
    new FastifyAdapter(),
    { logger: false },
  );
  app.useGlobalPipes(new RequestValidationPipe());
  app.useGlobalFilters(new ErrorFilter(new RouteTable(), () => undefined));
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  for (const name of ['One', 'Two', 'Three']) {
    const event = eventOf({ target: { kind: 'tenant', id: `ten_${name.toLowerCase()}` }, after: { name } });
    await app.get(PrismaService).$transaction((tx) => app.get(AuditLog).record(tx, event));
  }
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

interface Page {
  data: { id: string; after: { name: string } }[];
  last_id: string;
  has_more: boolean;
  error: { code: string; param: string };
}
const get = async (query = ''): Promise<Page> =>
  (await app.inject({ url: `/admin/audit-events${query}` })).json();

describe('GET /admin/audit-events', () => {
  it('shows events in the form of the other lists, the oldest first', async () => {
    expect(await get('?limit=1')).toEqual({
      object: 'list',
      data: [
        {
          id: expect.stringMatching(/^aud_/) as string,
          object: 'audit_event',
          created_at: expect.any(Number) as number,
          actor: { kind: 'root', id: null, tenant_id: null },
          action: 'tenant.create',
          target: { kind: 'tenant', id: 'ten_one', tenant_id: 'ten_one' },
          before: null,
          after: { name: 'One' },
          request_id: 'req_1',
          ip_address: '203.0.113.7',
          hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        },
      ],
      first_id: expect.any(String) as string,
      last_id: expect.any(String) as string,
      has_more: true,
    });
  });

  it('goes on after the last event of a page, and filters', async () => {
    const first = await get('?limit=2');
    const second = await get(`?limit=2&after=${first.last_id}`);
    expect([...first.data, ...second.data].map(({ after }) => after.name)).toEqual(['One', 'Two', 'Three']);
    expect(second.has_more).toBe(false);
    const names = async (query: string) => (await get(query)).data.map(({ after }) => after.name);
    expect(await names('?tenant_id=ten_two')).toEqual(['Two']);
    expect(await names('?target_id=ten_three&action=tenant.create')).toEqual(['Three']);
    expect(await names('?action=tenant.delete')).toEqual([]);
    expect(await names('?actor_id=key_none')).toEqual([]);
  });

  it.each([
    ['?after=aud_none', 'invalid_value', 'after'],
    ['?limit=101', 'integer_above_max_value', 'limit'],
    ['?tenant=ten_one', 'unknown_parameter', 'tenant'],
    ['?tenant_id=', 'empty_string', 'tenant_id'],
  ])('says what is wrong with %s', async (query, code, param) => {
    expect((await get(query)).error).toMatchObject({ code, param });
  });

  it('is for operators alone', () => {
    expect(Reflect.getMetadata(REQUIREMENT, AuditController)).toMatchObject({ permissions: ['admin'] });
  });
});

describe('who acts by a request', () => {
  const request = { id: 'req_1', ip: '203.0.113.7' };

  it('is the root key, or a key of a tenant', () => {
    expect(auditActorOf({ ...request, principal: { kind: 'admin' } })).toEqual({
      actor: { kind: 'root' },
      requestId: 'req_1',
      ip: '203.0.113.7',
    });
    const principal = { kind: 'key', keyId: 'key_1', tenantId: 'ten_1', scopes: ['admin'] };
    expect(auditActorOf({ ...request, principal }).actor).toEqual({
      kind: 'key',
      id: 'key_1',
      tenantId: 'ten_1',
    });
  });

  it.each([undefined, null, {}, { kind: 'key' }, { kind: 'root' }])('is never nobody: %j', (principal) => {
    expect(() => auditActorOf({ ...request, principal })).toThrow(
      expect.objectContaining({ reason: 'insufficient_permissions' }) as Error,
    );
  });
});
