// What tenants use, for the operator; and for a tenant's keys, of their own tenant.
import { Controller, Get, Headers, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Requires } from '../contracts/requires.decorator.js';
import { ApiErrors } from '../http/api-errors.decorator.js';
import { Accounts } from './accounts.service.js';
import { AlertQuery, BudgetAlertList } from './budget-alert.contract.js';
import { BudgetObject, BudgetQuery } from './budget.contract.js';
import { LedgerEntryWithContent } from './ledger-content.contract.js';
import { LedgerList, LedgerQuery } from './ledger.contract.js';
import { MeteredTenants } from './metered-tenants.repository.js';
import { FIND_ERRORS, READ_ERRORS } from './read-errors.js';
import { answerUsage, UsageRoute } from './usage-answer.js';
import { type UsagePage, UsageQuery } from './usage.contract.js';
import { Usage } from './usage.service.js';

/** Of a tenant, deleted ones too. */
@ApiTags('Usage')
@Requires('usage:read', { tenantParam: 'id' })
@Controller('admin/tenants/:id')
export class TenantUsageController {
  constructor(
    private readonly tenants: MeteredTenants,
    private readonly usage: Usage,
    private readonly accounts: Accounts,
  ) {}

  @Get('usage')
  @UsageRoute('getTenantUsage', "Read a tenant's usage", 'not_found')
  async readUsage(
    @Param('id') id: string,
    @Query() query: UsageQuery,
    @Headers('accept') accept?: string,
  ): Promise<UsagePage | Response> {
    await this.tenants.check(id);
    return answerUsage(this.usage, id, { query, accept });
  }

  @Get('ledger')
  @ApiOperation({ operationId: 'listTenantLedger', summary: "List a tenant's predictions, newest first" })
  @ApiOkResponse({ type: LedgerList })
  @ApiErrors(...READ_ERRORS, 'not_found')
  async listLedger(@Param('id') id: string, @Query() query: LedgerQuery) {
    await this.tenants.check(id);
    return this.accounts.ledger(id, query);
  }

  @Get('ledger/:entryId')
  @ApiOperation({
    operationId: 'getTenantLedgerEntry',
    summary: "Read one of a tenant's predictions, with its texts where they are kept",
  })
  @ApiOkResponse({ type: LedgerEntryWithContent })
  @ApiErrors(...FIND_ERRORS)
  async readEntry(
    @Param('id') id: string,
    @Param('entryId') entryId: string,
  ): Promise<LedgerEntryWithContent> {
    await this.tenants.check(id);
    return this.accounts.ledgerEntry(id, entryId);
  }

  @Get('budget')
  @ApiOperation({ operationId: 'getTenantBudget', summary: "Read the state of a tenant's budgets" })
  @ApiOkResponse({ type: BudgetObject })
  @ApiErrors(...READ_ERRORS, 'not_found')
  async readBudget(@Param('id') id: string, @Query() query: BudgetQuery): Promise<BudgetObject> {
    await this.tenants.check(id);
    return this.accounts.budget(id, query);
  }

  @Get('alerts')
  @ApiOperation({ operationId: 'listTenantAlerts', summary: "List a tenant's budget alerts, newest first" })
  @ApiOkResponse({ type: BudgetAlertList })
  @ApiErrors(...READ_ERRORS, 'not_found')
  async listAlerts(@Param('id') id: string, @Query() query: AlertQuery) {
    await this.tenants.check(id);
    return this.accounts.budgetAlerts(id, query);
  }
}
