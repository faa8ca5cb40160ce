// `tenant …`: customers, the owners of keys.
import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import {
  checked,
  limited,
  type LimitOptions,
  limitsOf,
  list,
  name,
  number,
  orNull,
  paged,
  type PageOptions,
  sliceOf,
} from './cli-options.js';
import { run } from './cli-run.js';
import { toPage } from './contracts/list-page.contract.js';
import type { RetentionInput } from './tenancy/retention.contract.js';
import { type AlertsInput, CreateTenant, UpdateTenant } from './tenancy/tenants.contract.js';
import {
  toTenantChanges,
  toTenantObject,
  toTenantOptions,
  toWrittenTenantObject,
} from './tenancy/tenants.mapper.js';
import { TenantsService } from './tenancy/tenants.service.js';

interface AlertOptions {
  alertUrl?: string;
  alertThresholds?: string;
}

interface RetentionOptions {
  contentDays?: string;
}

type CreateOptions = LimitOptions & AlertOptions & RetentionOptions;

interface UpdateOptions extends CreateOptions {
  name?: string;
  upstreamToken?: string;
  rotateAlertSecret?: boolean;
}

/** All commands about tenants. */
export function tenantCommand(): Command {
  const tenant = new Command('tenant').description('customers, the owners of keys').showHelpAfterError();
  addCreate(tenant);
  addReads(tenant);
  addUpdate(tenant);
  addSuspension(tenant);
  tenant
    .command('delete')
    .description('delete a tenant for good, and end its keys; its usage stays')
    .argument('<id>', "the tenant's id, ten_…")
    .action((id: string) =>
      run(async (app, manager) => {
        await app.get(TenantsService).delete(manager, id);
        return { id, object: 'tenant.deleted', deleted: true };
      }),
    );
  return tenant;
}

function addCreate(tenant: Command): void {
  common(
    tenant.command('create').description('create a tenant').argument('<name>', 'a name for people', name),
  ).action((tenantName: string, options: CreateOptions) =>
    run(async (app, manager) => {
      const body = {
        name: tenantName,
        limits: limitsOf(options),
        alerts: alertsOf(options),
        retention: retentionOf(options),
      };
      const said = toTenantOptions(checked(CreateTenant, body));
      return toWrittenTenantObject(await app.get(TenantsService).create(manager, said));
    }),
  );
}

function addReads(tenant: Command): void {
  paged(tenant.command('list').description('list the tenants')).action((options: PageOptions) =>
    run(async (app) =>
      toPage(await app.get(TenantsService).list(sliceOf(options)), options.limit, toTenantObject),
    ),
  );
  tenant
    .command('get')
    .description('show a tenant')
    .argument('<id>', "the tenant's id, ten_…")
    .action((id: string) => run(async (app) => toTenantObject(await app.get(TenantsService).get(id))));
}

function addUpdate(tenant: Command): void {
  common(
    tenant
      .command('update')
      .description('change a tenant; what is not named stays')
      .argument('<id>', "the tenant's id, ten_…")
      .option('--name <name>', 'a name for people', name),
  )
    .option('--rotate-alert-secret', 'make a new secret to sign alerts with, and show it this once')
    .option(
      '--upstream-token <token>',
      "the tenant's own API token at Replicate, or none for the gateway's account; - reads it from standard input, so that no list of processes shows it",
    )
    .action((id: string, options: UpdateOptions) =>
      run(async (app, manager) => {
        const body = {
          name: options.name,
          limits: limitsOf(options),
          alerts: alertsOf(options),
          upstream_token: await tokenOf(options),
          rotate_alert_secret: options.rotateAlertSecret,
          retention: retentionOf(options),
        };
        const changes = toTenantChanges(checked(UpdateTenant, body));
        return toWrittenTenantObject(await app.get(TenantsService).update(manager, id, changes));
      }),
    );
}

function addSuspension(tenant: Command): void {
  const set = (suspended: boolean) => (id: string) =>
    run(async (app, manager) =>
      toWrittenTenantObject(await app.get(TenantsService).update(manager, id, { suspended })),
    );
  tenant
    .command('suspend')
    .description("stop a tenant's keys, and what runs under them, until it is resumed")
    .argument('<id>', "the tenant's id, ten_…")
    .action(set(true));
  tenant
    .command('resume')
    .description("let a suspended tenant's keys work again")
    .argument('<id>', "the tenant's id, ten_…")
    .action(set(false));
}

/** What is said of new tenants and of others alike. */
function common(command: Command): Command {
  return limited(command)
    .option('--content-days <number>', 'days for which prompts and answers are kept, or none')
    .option('--alert-url <address>', 'where alerts on budgets are posted to, or none')
    .option('--alert-thresholds <percentages>', 'at which parts of a budget, such as 50,80,100');
}

function alertsOf({ alertUrl, alertThresholds }: AlertOptions): AlertsInput {
  return {
    url: orNull(alertUrl),
    thresholds: list(alertThresholds)?.map((entry) => number(entry) as number),
  };
}

function retentionOf({ contentDays }: RetentionOptions): RetentionInput {
  return { content_days: number(contentDays) as number };
}

async function tokenOf({ upstreamToken }: UpdateOptions): Promise<string | null | undefined> {
  return upstreamToken === '-' ? (await text(process.stdin)).trim() : orNull(upstreamToken);
}
