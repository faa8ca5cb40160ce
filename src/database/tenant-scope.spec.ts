import { describe, expect, it } from 'vitest';
import { Prisma } from './client/client.js';
import { narrowed, TENANT_FIELDS } from './tenant-scope.js';

const narrow = (operation: string, args: unknown, model = 'StoredImage') =>
  narrowed(model, operation, args, 'ten_a');

describe('the arguments of a tenant', () => {
  it.each([
    ...['findUnique', 'findUniqueOrThrow', 'findFirst', 'findFirstOrThrow', 'findMany', 'count'],
    ...['aggregate', 'groupBy', 'delete', 'deleteMany', 'update', 'updateMany', 'updateManyAndReturn'],
  ])('filter by its id in %s, whatever they filter by themselves', (operation) => {
    const where = { id: 'file-1', AND: { size: 1 } };
    expect(narrow(operation, { where, data: {} })).toMatchObject({
      where: { id: 'file-1', AND: [{ size: 1 }, { tenantId: 'ten_a' }] },
    });
    expect(narrow(operation, { data: {} })).toMatchObject({ where: { AND: [{ tenantId: 'ten_a' }] } });
    expect(narrow(operation, { where: { id: 'ten_b' }, data: {} }, 'Tenant')).toMatchObject({
      where: { id: 'ten_b', AND: [{ id: 'ten_a' }] },
    });
  });

  it('filter even where there are none', () => {
    expect(narrow('findMany', undefined)).toEqual({ where: { AND: [{ tenantId: 'ten_a' }] } });
  });

  it.each(['create', 'createMany', 'createManyAndReturn'])('put its id into new rows of %s', (operation) => {
    expect(narrow(operation, { data: { id: 'x' } })).toEqual({ data: { id: 'x', tenantId: 'ten_a' } });
  });

  it('put its id into every one of many rows, and into both halves of an upsert', () => {
    expect(narrow('createMany', { data: [{ id: 'x' }, { id: 'y', tenantId: 'ten_a' }] })).toEqual({
      data: ['x', 'y'].map((id) => ({ id, tenantId: 'ten_a' })),
    });
    expect(narrow('upsert', { where: { id: 'x' }, create: { id: 'x' }, update: { size: 1 } })).toEqual({
      where: { id: 'x', AND: [{ tenantId: 'ten_a' }] },
      create: { id: 'x', tenantId: 'ten_a' },
      update: { size: 1 },
    });
  });

  it.each<[string, unknown]>([
    ['create', { data: { tenantId: 'ten_b' } }],
    ['createMany', { data: [{ tenantId: 'ten_a' }, { tenantId: 'ten_b' }] }],
    ['update', { where: { id: 'x' }, data: { tenantId: 'ten_b' } }],
    ['updateMany', { data: { tenantId: { set: 'ten_b' } } }],
    ['upsert', { where: {}, create: { tenantId: 'ten_b' }, update: {} }],
    ['upsert', { where: {}, create: {}, update: { tenantId: 'ten_b' } }],
  ])("are refused where they make a row another tenant's, in %s: %j", (operation, args) => {
    expect(() => narrow(operation, args)).toThrow("A row cannot be another tenant's.");
  });

  it('are refused where a filter is undefined, which Prisma would leave out (P39)', () => {
    expect(() => narrow('deleteMany', { where: { id: undefined } })).toThrow("filter 'id' is undefined");
  });

  it.each(['Node', 'AuditEvent', 'constructor'])(
    'are refused for %s, which is no table of theirs',
    (model) => {
      expect(() => narrow('findMany', {}, model)).toThrow('cannot be held to one tenant');
    },
  );

  it.each(['findRaw', 'toString'])('are refused in %s, which nobody has thought of', (operation) => {
    expect(() => narrow(operation, {})).toThrow('cannot be held to one tenant');
  });
});

describe('the tables of tenants', () => {
  it('are all that have a tenant, but for the audit log, which no tenant reads', () => {
    const fields = Prisma as unknown as Record<string, Record<string, string> | undefined>;
    const owned = Object.keys(Prisma.ModelName).filter(
      (model) => fields[`${model}ScalarFieldEnum`]?.tenantId !== undefined,
    );
    expect([...owned, 'Tenant'].sort()).toEqual([...Object.keys(TENANT_FIELDS), 'AuditEvent'].sort());
  });
});
