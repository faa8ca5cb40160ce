// `/admin/audit-events`.
import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { toPage } from '../contracts/list-page.contract.js';
import { Requires } from '../contracts/requires.decorator.js';
import { ApiErrors } from '../http/api-errors.decorator.js';
import { AuditLog } from './audit-log.service.js';
import { AuditEventList, ListAuditEvents } from './audit.contract.js';
import { toAuditEventObject } from './audit.mapper.js';

/** Who did what. */
@ApiTags('Admin')
@Requires('admin')
@Controller('admin/audit-events')
export class AuditController {
  constructor(private readonly log: AuditLog) {}

  @Get()
  @ApiOperation({ operationId: 'listAuditEvents', summary: 'List who did what, the oldest first' })
  @ApiOkResponse({ type: AuditEventList })
  @ApiErrors('integer_above_max_value', 'invalid_value', 'invalid_api_key', 'insufficient_permissions')
  async list(@Query() { limit, after, tenant_id, actor_id, action, target_id }: ListAuditEvents) {
    const size = limit ?? 20;
    const events = await this.log.list({
      tenantId: tenant_id ?? undefined,
      actorId: actor_id ?? undefined,
      action: action ?? undefined,
      targetId: target_id ?? undefined,
      after: after ?? undefined,
      limit: size + 1,
    });
    return toPage(events, size, toAuditEventObject);
  }
}
