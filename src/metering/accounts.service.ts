// What a tenant reads of its ledger, its budgets and its alerts.
import { Injectable } from '@nestjs/common';
import { ApiError } from '../errors/api-error.js';
import { type ListPage, type ListQuery, toPage } from '../contracts/list-page.contract.js';
import type { BudgetAlertObject } from './budget-alert.contract.js';
import { toAlertObject } from './budget-alert.mapper.js';
import { BudgetAlertsRepository } from './budget-alerts.repository.js';
import type { BudgetObject } from './budget.contract.js';
import { toBudget } from './budget.mapper.js';
import { BudgetsRepository } from './budgets.repository.js';
import type { LedgerEntry, LedgerQuery } from './ledger.contract.js';
import { toLedgerEntry, toLedgerSelection } from './ledger.mapper.js';
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

  /** @throws {ApiError} `not_found` for a tenant that never was */
  async budget(tenantId: string, query: ListQuery): Promise<BudgetObject> {
    const size = query.limit ?? USUAL;
    const tenant = await this.budgets.ofTenant(tenantId);
    if (!tenant) throw new ApiError('not_found');
    const keys = await this.budgets.ofKeys(tenantId, { after: query.after ?? '', take: size + 1 });
    return toBudget(tenant, keys, size);
  }

  async budgetAlerts(tenantId: string, query: ListQuery): Promise<ListPage<BudgetAlertObject>> {
    const size = query.limit ?? USUAL;
    const slice = { after: query.after ?? undefined, take: size + 1 };
    return toPage(await this.alerts.list(tenantId, slice), size, toAlertObject);
  }
}
