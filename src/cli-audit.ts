// `audit …`: who did what.
import { Command, InvalidArgumentError } from 'commander';
import { AuditLog } from './audit/audit-log.service.js';
import { toAuditEventObject } from './audit/audit.mapper.js';
import { paged, type PageOptions } from './cli-options.js';
import { run } from './cli-run.js';
import { toPage } from './contracts/list-page.contract.js';

interface ListOptions extends PageOptions {
  tenant?: string;
  actor?: string;
  action?: string;
  target?: string;
}

/** All commands about the audit log. */
export function auditCommand(): Command {
  const audit = new Command('audit').description('who did what').showHelpAfterError();
  paged(audit.command('list').description('list what was done, the oldest first'))
    .option('--tenant <id>', 'only about this tenant')
    .option('--actor <id>', 'only by this key or user')
    .option('--action <action>', 'only this, such as key.create')
    .option('--target <id>', 'only to this tenant or key')
    .action(({ tenant, actor, action, target, limit, after }: ListOptions) =>
      run(async (app) => {
        const filter = { tenantId: tenant, actorId: actor, action, targetId: target };
        const events = await app.get(AuditLog).list({ ...filter, after, limit: limit + 1 });
        return toPage(events, limit, toAuditEventObject);
      }),
    );
  audit
    .command('verify')
    .description('check that no event was changed or taken out; ends with 1 where one was')
    .option('--head <hash>', 'a head that an earlier check has shown: the log must lead through it', headHash)
    .action(({ head }: { head?: string }) =>
      run(async (app) => {
        const found = await app.get(AuditLog).verify({ expectedHead: head });
        if (!found.ok) process.exitCode = 1;
        return found;
      }),
    );
  return audit;
}

function headHash(value: string): string {
  if (!/^[0-9a-f]{64}$/i.test(value)) throw new InvalidArgumentError('A head is 64 hexadecimal digits.');
  return value;
}
