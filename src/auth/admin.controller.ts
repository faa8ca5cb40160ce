// The admin API: the tenancy's use cases over HTTP, for the holder of the root key.
import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiErrors } from '../http/api-errors.decorator.js';
import { ListQuery, toPage } from '../contracts/list-page.contract.js';
import { parseTimestamp } from '../contracts/checks.js';
import {
  ApiKeyList,
  ApiKeyObject,
  CreatedApiKeyObject,
  CreateKey,
  CreateTenant,
  TenantList,
  TenantObject,
} from './admin.contract.js';
import { toCreatedKeyObject, toKeyObject, toTenantObject } from './admin.mapper.js';
import { Requires } from '../contracts/requires.decorator.js';
import type { Slice } from './tenancy.repository.js';
import { TenancyService } from './tenancy.service.js';

/** Tenants and their keys. */
@ApiTags('Admin')
@Requires('admin')
@Controller('admin/tenants')
export class AdminController {
  constructor(private readonly tenancy: TenancyService) {}

  @Post()
  @ApiOperation({ operationId: 'createTenant', summary: 'Create a tenant' })
  @ApiCreatedResponse({ type: TenantObject })
  @ApiErrors('missing_required_parameter', 'invalid_api_key', 'insufficient_permissions')
  async createTenant(@Body() { name }: CreateTenant): Promise<TenantObject> {
    return toTenantObject(await this.tenancy.createTenant(name));
  }

  @Get()
  @ApiOperation({ operationId: 'listTenants', summary: 'List the tenants' })
  @ApiOkResponse({ type: TenantList })
  @ApiErrors('integer_above_max_value', 'invalid_api_key', 'insufficient_permissions')
  async listTenants(@Query() query: ListQuery) {
    const slice = toSlice(query);
    return toPage(await this.tenancy.listTenants(slice), slice.take - 1, toTenantObject);
  }

  @Get(':id')
  @ApiOperation({ operationId: 'getTenant', summary: 'Read a tenant' })
  @ApiOkResponse({ type: TenantObject })
  @ApiErrors('invalid_api_key', 'insufficient_permissions', 'not_found')
  async getTenant(@Param('id') id: string): Promise<TenantObject> {
    return toTenantObject(await this.tenancy.getTenant(id));
  }

  @Post(':id/keys')
  @ApiOperation({ operationId: 'createKey', summary: 'Create a key; the answer shows it this once' })
  @ApiCreatedResponse({ type: CreatedApiKeyObject })
  @ApiErrors(
    'missing_required_parameter',
    'invalid_value',
    'invalid_api_key',
    'insufficient_permissions',
    'not_found',
  )
  async createKey(@Param('id') tenantId: string, @Body() body: CreateKey): Promise<CreatedApiKeyObject> {
    const { name, expires_at, unsupported_params } = body;
    const options = {
      name,
      expiresAt: parseTimestamp(expires_at),
      unsupportedParams: unsupported_params ?? undefined,
    };
    return toCreatedKeyObject(await this.tenancy.createKey(tenantId, options));
  }

  @Get(':id/keys')
  @ApiOperation({ operationId: 'listKeys', summary: 'List the keys of a tenant' })
  @ApiOkResponse({ type: ApiKeyList })
  @ApiErrors('integer_above_max_value', 'invalid_api_key', 'insufficient_permissions', 'not_found')
  async listKeys(@Param('id') tenantId: string, @Query() query: ListQuery) {
    const slice = toSlice(query);
    return toPage(await this.tenancy.listKeys(tenantId, slice), slice.take - 1, toKeyObject);
  }

  @Get(':id/keys/:keyId')
  @ApiOperation({ operationId: 'getKey', summary: 'Read a key' })
  @ApiOkResponse({ type: ApiKeyObject })
  @ApiErrors('invalid_api_key', 'insufficient_permissions', 'not_found')
  async getKey(@Param('id') tenantId: string, @Param('keyId') keyId: string): Promise<ApiKeyObject> {
    return toKeyObject(await this.tenancy.getKey(tenantId, keyId));
  }

  @Delete(':id/keys/:keyId')
  @ApiOperation({ operationId: 'revokeKey', summary: 'Revoke a key for good' })
  @ApiOkResponse({ type: ApiKeyObject })
  @ApiErrors('invalid_api_key', 'insufficient_permissions', 'not_found')
  async revokeKey(@Param('id') tenantId: string, @Param('keyId') keyId: string): Promise<ApiKeyObject> {
    return toKeyObject(await this.tenancy.revokeKey(tenantId, keyId));
  }
}

/** One row more than asked for tells whether a next page exists. */
function toSlice({ limit, after }: ListQuery): Slice {
  return { after: after ?? undefined, take: (limit ?? 20) + 1 };
}
