// The database as one tenant may see it: every statement under a role whose row-level security knows that tenant alone.
// What serves all tenants at once (ledger, limits, cleanup) uses PrismaService.
import { Injectable } from '@nestjs/common';
import type { Prisma } from './client/client.js';
import { PrismaService } from './prisma.service.js';
import { narrowed, type TENANT_FIELDS } from './tenant-scope.js';

/** The tenant's tables, and raw statements: nothing that would leave the tenant, or open a transaction of its own. */
export type TenantClient = Pick<
  ReturnType<typeof narrowClient>,
  Uncapitalize<keyof typeof TENANT_FIELDS> | '$queryRaw' | '$executeRaw'
>;

/** As long as ids of ours, or as short as those of tests. */
const TENANT_ID = /^ten_[0-9a-z]{1,64}$/;

/** Hands out the database by tenants. */
@Injectable()
export class TenantDatabase {
  constructor(private readonly prisma: PrismaService) {}

  /**
   * The database for one tenant. Each operation is a transaction of its own, of three round trips more than usual. Model
   * operations also carry the tenant's id in their arguments; raw ones have row-level security alone.
   *
   * @throws Error at once for what is no tenant's id
   */
  of(tenantId: string): TenantClient {
    const { prisma } = this;
    const tenant = checked(tenantId);
    return narrowClient(prisma, tenant, async (statement) => {
      const [, result] = await prisma.$transaction([becomeTenant(prisma, tenant), statement]);
      return result;
    });
  }

  /**
   * Several operations for one tenant, all or none.
   *
   * @throws Error at once for what is no tenant's id
   */
  transaction<T>(tenantId: string, work: (tx: TenantClient) => Promise<T>): Promise<T> {
    const tenant = checked(tenantId);
    return narrowClient(this.prisma, tenant, (statement) => statement).$transaction(async (tx) => {
      await becomeTenant(tx, tenant);
      return work(tx);
    });
  }
}

/** A statement that is sent when it is awaited, or with others in one transaction. */
type Statement = Prisma.PrismaPromise<unknown>;

/** Prisma's client with the tenant's id in all arguments. It costs little to make, and is kept nowhere. */
function narrowClient(
  prisma: PrismaService,
  tenantId: string,
  send: (statement: Statement) => Promise<unknown>,
) {
  return prisma.$extends({
    name: 'one tenant',
    query: {
      $allOperations: ({ model, operation, args, query }) =>
        send(query(model ? (narrowed(model, operation, args, tenantId) as typeof args) : args) as Statement),
    },
  });
}

/** Until the transaction ends, and not beyond it: connections are shared. */
function becomeTenant(client: Pick<PrismaService, '$executeRaw'>, tenantId: string) {
  return client.$executeRaw`
    SELECT set_config('role', 'cerebro_tenant', true), set_config('cerebro.tenant_id', ${tenantId}, true)`;
}

/** Also for what TypeScript believes to be a text. */
function checked(tenantId: unknown): string {
  if (typeof tenantId === 'string' && TENANT_ID.test(tenantId)) return tenantId;
  throw new Error('The database was asked for no tenant.');
}
