// What a tenant uses, for its own keys.
import { Controller, Get, Headers, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Requires } from '../contracts/requires.decorator.js';
import { ApiErrors } from '../http/api-errors.decorator.js';
import { Accounts } from './accounts.service.js';
import { LedgerEntryWithContent } from './ledger-content.contract.js';
import { LedgerList, LedgerQuery } from './ledger.contract.js';
import { TenantId } from '../auth/tenant.decorator.js';
import { FIND_ERRORS, READ_ERRORS } from './read-errors.js';
import { answerUsage, UsageRoute } from './usage-answer.js';
import { type UsagePage, UsageQuery } from './usage.contract.js';
import { Usage } from './usage.service.js';

/** Of the tenant whose key asks. */
@ApiTags('Usage')
@Requires('usage:read')
@Controller('v1')
export class OwnUsageController {
  constructor(
    private readonly usage: Usage,
    private readonly accounts: Accounts,
  ) {}

  @Get('usage')
  @UsageRoute('getUsage', 'Read your usage')
  readUsage(
    @TenantId() tenantId: string,
    @Query() query: UsageQuery,
    @Headers('accept') accept?: string,
  ): Promise<UsagePage | Response> {
    return answerUsage(this.usage, tenantId, { query, accept });
  }

  @Get('ledger')
  @ApiOperation({ operationId: 'listLedger', summary: 'List your predictions, newest first' })
  @ApiOkResponse({ type: LedgerList })
  @ApiErrors(...READ_ERRORS)
  listLedger(@TenantId() tenantId: string, @Query() query: LedgerQuery) {
    return this.accounts.ledger(tenantId, query);
  }

  @Get('ledger/:entryId')
  @ApiOperation({
    operationId: 'getLedgerEntry',
    summary: 'Read one of your predictions, with its texts where they are kept',
  })
  @ApiOkResponse({ type: LedgerEntryWithContent })
  @ApiErrors(...FIND_ERRORS)
  readEntry(
    @TenantId() tenantId: string,
    @Param('entryId') entryId: string,
  ): Promise<LedgerEntryWithContent> {
    return this.accounts.ledgerEntry(tenantId, entryId);
  }
}
