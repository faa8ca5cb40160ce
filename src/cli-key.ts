// `key …`: credentials of tenants. A key is known by its id alone here.
import { Command, Option } from 'commander';
import { KeyPeppers } from './auth/key-peppers.service.js';
import {
  checked,
  limited,
  type LimitOptions,
  limitsOf,
  list,
  name,
  NONE,
  number,
  orNull,
  paged,
  type PageOptions,
  sliceOf,
} from './cli-options.js';
import { run } from './cli-run.js';
import { toPage } from './contracts/list-page.contract.js';
import type { Scope } from './contracts/requires.decorator.js';
import { UNSUPPORTED_PARAMS, type UnsupportedParams } from './inference/call.js';
import { KeyRotation } from './tenancy/key-rotation.service.js';
import { CreateKey, RotateKey, UpdateKey } from './tenancy/keys.contract.js';
import { toCreatedKeyObject, toKeyChanges, toKeyObject, toKeyOptions } from './tenancy/keys.mapper.js';
import { KeysService } from './tenancy/keys.service.js';

interface KeyOptions extends LimitOptions {
  name?: string;
  scopes?: string;
  models?: string;
  ipAllowlist?: string;
  expiresAt?: string;
  unsupportedParams?: UnsupportedParams | typeof NONE;
}

/** All commands about keys. */
export function keyCommand(): Command {
  const key = new Command('key').description('credentials of tenants').showHelpAfterError();
  addCreate(key);
  addReads(key);
  addUpdate(key);
  addRotate(key);
  key
    .command('peppers')
    .description(
      'count the keys that work under each pepper, to see whether the previous one is still needed',
    )
    .action(() => run((app) => app.get(KeyPeppers).count()));
  key
    .command('revoke')
    .description('end a key for good')
    .argument('<id>', "the key's id, key_…")
    .action((id: string) =>
      run(async (app, manager) => {
        const keys = app.get(KeysService);
        return toKeyObject(await keys.revoke(manager, await keys.tenantOf(id), id));
      }),
    );
  return key;
}

function addCreate(key: Command): void {
  configurable(
    key
      .command('create')
      .description('create a key; it is shown this once')
      .requiredOption('--tenant <id>', 'whose key it is')
      .requiredOption('--name <name>', 'a name for people', name),
  ).action((options: KeyOptions & { tenant: string; name: string }) =>
    run(async (app, manager) => {
      const said = toKeyOptions(checked(CreateKey, { ...settingsOf(options), name: options.name }));
      return toCreatedKeyObject(await app.get(KeysService).create(manager, options.tenant, said));
    }),
  );
}

function addReads(key: Command): void {
  paged(
    key
      .command('list')
      .description('list the keys of a tenant')
      .requiredOption('--tenant <id>', 'whose keys'),
  ).action((options: PageOptions & { tenant: string }) =>
    run(async (app) =>
      toPage(await app.get(KeysService).list(options.tenant, sliceOf(options)), options.limit, toKeyObject),
    ),
  );
  key
    .command('get')
    .description('show a key')
    .argument('<id>', "the key's id, key_…")
    .action((id: string) =>
      run(async (app) => {
        const keys = app.get(KeysService);
        return toKeyObject(await keys.get(await keys.tenantOf(id), id));
      }),
    );
}

function addUpdate(key: Command): void {
  configurable(
    key
      .command('update')
      .description('change a key; what is not named stays')
      .argument('<id>', "the key's id, key_…")
      .option('--name <name>', 'a name for people', name),
  ).action((id: string, options: KeyOptions) =>
    run(async (app, manager) => {
      const keys = app.get(KeysService);
      const changes = toKeyChanges(checked(UpdateKey, { ...settingsOf(options), name: options.name }));
      return toKeyObject(await keys.update(manager, await keys.tenantOf(id), id, changes));
    }),
  );
}

function addRotate(key: Command): void {
  key
    .command('rotate')
    .description('replace a key by a new one, which is shown this once, on the same account')
    .argument('<id>', "the key's id, key_…")
    .option('--grace-seconds <seconds>', 'for how long the old key works on, up to a week', '0')
    .action((id: string, options: { graceSeconds: string }) =>
      run(async (app, manager) => {
        const body = checked(RotateKey, { grace_seconds: number(options.graceSeconds) as number });
        const tenantId = await app.get(KeysService).tenantOf(id);
        const rotation = app.get(KeyRotation);
        return toCreatedKeyObject(await rotation.rotate(manager, tenantId, id, body.grace_seconds));
      }),
    );
}

function configurable(command: Command): Command {
  return limited(
    command
      .option('--scopes <scopes>', 'what it may be used for, such as inference,usage:read')
      .option('--models <models>', `models that it may ask, separated by commas, or ${NONE} for all`)
      .option('--ip-allowlist <ranges>', `addresses that it works from, such as 203.0.113.0/24, or ${NONE}`)
      .option('--expires-at <time>', `when it ends: Unix seconds or an RFC 3339 time, or ${NONE}`)
      .addOption(
        new Option(
          '--unsupported-params <what>',
          `what becomes of parameters that a model cannot honour; ${NONE}: what holds for the gateway`,
        ).choices([...UNSUPPORTED_PARAMS, NONE]),
      ),
  );
}

function settingsOf(options: KeyOptions) {
  return {
    scopes: list(options.scopes) as Scope[] | undefined,
    models: list(options.models),
    ip_allowlist: list(options.ipAllowlist),
    expires_at: number(options.expiresAt),
    limits: limitsOf(options),
    unsupported_params: orNull(options.unsupportedParams) as UnsupportedParams | null | undefined,
  };
}
