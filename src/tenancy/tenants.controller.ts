// `/admin/tenants`.
import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ListQuery, toPage } from '../contracts/list-page.contract.js';
import { Requires } from '../contracts/requires.decorator.js';
import { ApiErrors } from '../http/api-errors.decorator.js';
import type { Manager } from './manager.js';
import { TheManager } from './manager.decorator.js';
import { toSlice } from './slice.js';
import { CreateTenant, DeletedTenant, TenantList, TenantObject, UpdateTenant } from './tenants.contract.js';
import { toTenantChanges, toTenantObject, toTenantOptions, toWrittenTenantObject } from './tenants.mapper.js';
import { TenantsService } from './tenants.service.js';

const CREDENTIALS = ['missing_api_key', 'invalid_api_key', 'insufficient_permissions'] as const;
const BODY = [
  'invalid_json',
  'unknown_parameter',
  'invalid_type',
  'invalid_value',
  'integer_above_max_value',
] as const;
/** Where changes of one tenant wait for each other. */
const BUSY = 'concurrency_limit_exceeded';

/** Tenants. */
@ApiTags('Admin')
@Controller('admin/tenants')
export class TenantsController {
  constructor(private readonly tenants: TenantsService) {}

  @Post()
  @Requires('admin')
  @ApiOperation({
    operationId: 'createTenant',
    summary: 'Create a tenant',
    description:
      'With an address for alerts, the answer holds the secret that they are signed with, this once.',
  })
  @ApiCreatedResponse({ type: TenantObject })
  @ApiErrors('missing_required_parameter', ...BODY, 'encryption_not_configured', ...CREDENTIALS)
  async create(@Body() body: CreateTenant, @TheManager() manager: Manager): Promise<TenantObject> {
    return toWrittenTenantObject(await this.tenants.create(manager, toTenantOptions(body)));
  }

  @Get()
  @Requires('admin')
  @ApiOperation({ operationId: 'listTenants', summary: 'List the tenants' })
  @ApiOkResponse({ type: TenantList })
  @ApiErrors('integer_above_max_value', 'invalid_value', ...CREDENTIALS)
  async list(@Query() query: ListQuery) {
    const slice = toSlice(query);
    return toPage(await this.tenants.list(slice), slice.take - 1, toTenantObject);
  }

  @Get(':id')
  @Requires(['keys:manage', 'usage:read'], { tenantParam: 'id' })
  @ApiOperation({
    operationId: 'getTenant',
    summary: 'Read a tenant',
    description: "A tenant's own keys with `keys:manage` or `usage:read` may read it too.",
  })
  @ApiOkResponse({ type: TenantObject })
  @ApiErrors(...CREDENTIALS, 'not_found')
  async get(@Param('id') id: string): Promise<TenantObject> {
    return toTenantObject(await this.tenants.get(id));
  }

  @Patch(':id')
  @Requires('admin')
  @ApiOperation({
    operationId: 'updateTenant',
    summary: 'Change a tenant',
    description:
      'What is absent stays. Limits below what is in use stop new calls and let running ones end. Suspending it stops its keys, and what runs under them.',
  })
  @ApiOkResponse({ type: TenantObject })
  @ApiErrors(...BODY, 'encryption_not_configured', ...CREDENTIALS, 'not_found', BUSY)
  async update(
    @Param('id') id: string,
    @Body() body: UpdateTenant,
    @TheManager() manager: Manager,
  ): Promise<TenantObject> {
    return toWrittenTenantObject(await this.tenants.update(manager, id, toTenantChanges(body)));
  }

  @Delete(':id')
  @Requires('admin')
  @ApiOperation({
    operationId: 'deleteTenant',
    summary: 'Delete a tenant',
    description: 'Its keys end, and what runs under them. What it has used stays readable for the operator.',
  })
  @ApiOkResponse({ type: DeletedTenant })
  @ApiErrors(...CREDENTIALS, 'not_found', BUSY)
  async delete(@Param('id') id: string, @TheManager() manager: Manager): Promise<DeletedTenant> {
    await this.tenants.delete(manager, id);
    return { id, object: 'tenant.deleted', deleted: true };
  }
}
