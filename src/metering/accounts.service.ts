// What a tenant reads of its ledger, its budgets and its alerts.
import { Injectable } from '@nestjs/common';
import { unknownCursor } from '../contracts/cursor.js';
import { isId } from '../contracts/identifier.js';
import { type ListPage, type ListQuery, toPage } from '../contracts/list-page.contract.js';
import { notFound } from '../contracts/not-found.js';
import type { BudgetAlertObject } from './budget-alert.contract.js';
import { toAlertObject } from './budget-alert.mapper.js';
import { BudgetAlertsRepository } from './budget-alerts.repository.js';
import type { BudgetObject } from './budget.contract.js';
import { toBudget } from './budget.mapper.js';
import { BudgetsRepository } from './budgets.repository.js';
import type { LedgerEntryWithContent } from './ledger-content.contract.js';
import type { LedgerEntry, LedgerQuery } from './ledger.contract.js';
import { toLedgerEntry, toLedgerEntryWithContent, toLedgerSelection } from './ledger.mapper.js';
import { LedgerRepository } from './ledger.repository.js';

/** Objects of a page where the query does not say. */
const USUAL = 20;

/** Reads accounts, page by page. */
@Injectable()
export class Accounts {
  constructor(
    private readonly lines: LedgerRepository,
    private readonly budgets: BudgetsRepository,
    private readonly alerts: BudgetAlertsRepository,
  ) {}

  /** @throws {ApiError} naming the parameter that is wrong */
  async ledger(tenantId: string, query: LedgerQuery): Promise<ListPage<LedgerEntry>> {
    const size = query.limit ?? USUAL;
    return toPage(await this.lines.list(tenantId, toLedgerSelection(query, size)), size, toLedgerEntry);
  }

  /**
   * One line, with the texts of its call where they are kept.
   *
   * @throws {ApiError} `not_found` for an id that is none of the tenant's lines
   */
  async ledgerEntry(tenantId: string, id: string): Promise<LedgerEntryWithContent> {
    const line = isId('prd_', id) ? await this.lines.find(tenantId, id) : null;
    if (!line) throw notFound('ledger entry', id);
    return toLedgerEntryWithContent(line, await this.lines.contentOf(tenantId, id));
  }

  /** @throws {ApiError} `not_found` for a tenant that never was, `invalid_value` for a cursor that is no key of its */
  async budget(tenantId: string, { limit, after }: ListQuery): Promise<BudgetObject> {
    const size = limit ?? USUAL;
    const tenant = await this.budgets.ofTenant(tenantId);
    if (!tenant) throw notFound('tenant', tenantId);
    if (after && !(await this.budgets.hasKey(tenantId, after))) throw unknownCursor();
    const keys = await this.budgets.ofKeys(tenantId, { after: after ?? '', take: size + 1 });
    return toBudget(tenant, keys, size);
  }

  /** @throws {ApiError} `invalid_value` for a cursor that is no alert of the tenant's */
  async budgetAlerts(tenantId: string, query: ListQuery): Promise<ListPage<BudgetAlertObject>> {
    const size = query.limit ?? USUAL;
    const alerts = await this.alerts.list(tenantId, { after: query.after ?? undefined, take: size + 1 });
    if (!alerts) throw unknownCursor();
    return toPage(alerts, size, toAlertObject);
  }
}
