// The first net between tenants: whatever is asked of a tenant's table is asked with its tenant's id. Pure; the
// second net is row-level security.
import type { Prisma } from './client/client.js';

/** Which field of a model says whose a row is. What is missing here is no tenant's table. */
export const TENANT_FIELDS = {
  Tenant: 'id',
  ApiKey: 'tenantId',
  Prediction: 'tenantId',
  StoredImage: 'tenantId',
  IdempotentCall: 'tenantId',
  Account: 'tenantId',
  UsageRollup: 'tenantId',
  BudgetAlert: 'tenantId',
  RetainedContent: 'tenantId',
} as const satisfies Partial<Record<Prisma.ModelName, 'id' | 'tenantId'>>;

/** What a model operation is called with, as far as tenants are concerned. */
interface Arguments {
  readonly where?: Fields | undefined;
  readonly data?: Fields | readonly Fields[] | undefined;
  readonly create?: Fields | undefined;
  readonly update?: Fields | undefined;
}

type Fields = Readonly<Record<string, unknown>>;
type Narrow = (args: Arguments, scope: Scope) => Arguments;

interface Scope {
  readonly field: 'id' | 'tenantId';
  readonly tenantId: string;
}

const reading: Narrow = (args, scope) => ({ ...args, where: among(args.where, scope) });

const creating: Narrow = (args, scope) => ({
  ...args,
  data: Array.isArray(args.data)
    ? args.data.map((row: Fields) => owned(row, scope))
    : owned(args.data as Fields, scope),
});

const changing: Narrow = (args, scope) => {
  refuseOthers(args.data as Fields, scope);
  return reading(args, scope);
};

/** Every operation of a model; one that is missing here is refused. */
const OPERATIONS: Readonly<Record<string, Narrow>> = {
  findUnique: reading,
  findUniqueOrThrow: reading,
  findFirst: reading,
  findFirstOrThrow: reading,
  findMany: reading,
  count: reading,
  aggregate: reading,
  groupBy: reading,
  delete: reading,
  deleteMany: reading,
  create: creating,
  createMany: creating,
  createManyAndReturn: creating,
  update: changing,
  updateMany: changing,
  updateManyAndReturn: changing,
  upsert: (args, scope) => {
    refuseOthers(args.update as Fields, scope);
    return { ...reading(args, scope), create: owned(args.create as Fields, scope) };
  },
};

/**
 * The arguments of a model's operation, for one tenant's rows alone.
 *
 * @throws Error for a model that is no tenant's, a filter that is undefined (which Prisma would leave out), and a row
 *   that is to be another tenant's: mistakes of ours, of which no caller is told more
 */
export function narrowed(model: string, operation: string, args: unknown, tenantId: string): unknown {
  const field = Object.hasOwn(TENANT_FIELDS, model)
    ? TENANT_FIELDS[model as keyof typeof TENANT_FIELDS]
    : undefined;
  const narrow = Object.hasOwn(OPERATIONS, operation) ? OPERATIONS[operation] : undefined;
  if (field === undefined || narrow === undefined) {
    throw new Error(`${model}.${operation} cannot be held to one tenant.`);
  }
  return narrow(args ?? {}, { field, tenantId });
}

/** A filter, and the tenant's id beside it: one that the filter has itself is not overwritten but must hold too. */
function among(where: Fields = {}, { field, tenantId }: Scope): Fields {
  const missing = Object.keys(where).find((name) => where[name] === undefined);
  if (missing !== undefined) throw new Error(`The filter '${missing}' is undefined, and would not filter.`);
  const and: unknown = where.AND ?? [];
  return { ...where, AND: [...(Array.isArray(and) ? (and as Fields[]) : [and]), { [field]: tenantId }] };
}

/** A new row with the tenant's id, unless it names its tenant by the relation, which the database judges. */
function owned(row: Fields, scope: Scope): Fields {
  refuseOthers(row, scope);
  return 'tenant' in row ? row : { ...row, [scope.field]: scope.tenantId };
}

function refuseOthers(row: Fields, { field, tenantId }: Scope): void {
  const named = row[field];
  if (named !== undefined && named !== tenantId) throw new Error("A row cannot be another tenant's.");
}
