// `/admin/tenants/{id}/keys`.
import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ListQuery, toPage } from '../contracts/list-page.contract.js';
import { Requires } from '../contracts/requires.decorator.js';
import { ApiErrors } from '../http/api-errors.decorator.js';
import { KeyRotation } from './key-rotation.service.js';
import {
  ApiKeyList,
  ApiKeyObject,
  CreatedApiKeyObject,
  CreateKey,
  RotateKey,
  UpdateKey,
} from './keys.contract.js';
import { toCreatedKeyObject, toKeyChanges, toKeyObject, toKeyOptions } from './keys.mapper.js';
import { KeysService } from './keys.service.js';
import type { Manager } from './manager.js';
import { TheManager } from './manager.decorator.js';
import { toSlice } from './slice.js';

const ACCESS = ['missing_api_key', 'invalid_api_key', 'insufficient_permissions', 'not_found'] as const;
const BODY = [
  'invalid_json',
  'unknown_parameter',
  'invalid_type',
  'invalid_value',
  'integer_above_max_value',
] as const;
/** Where changes of one tenant wait for each other. */
const BUSY = 'concurrency_limit_exceeded';

/** Keys of tenants: for operators, and for a tenant's own key that manages keys, as far as its own rights go. */
@ApiTags('Admin')
@Requires('keys:manage', { tenantParam: 'id' })
@Controller('admin/tenants/:id/keys')
export class KeysController {
  constructor(
    private readonly keys: KeysService,
    private readonly rotation: KeyRotation,
  ) {}

  @Post()
  @ApiOperation({
    operationId: 'createKey',
    summary: 'Create a key; the answer shows it this once',
    description:
      "A tenant's key with `keys:manage` makes keys that may do no more than itself: scopes, models, end, addresses and each limit. Limits that it does not speak of are its own.",
  })
  @ApiCreatedResponse({ type: CreatedApiKeyObject })
  @ApiErrors('missing_required_parameter', ...BODY, ...ACCESS, BUSY)
  async create(
    @Param('id') tenantId: string,
    @Body() body: CreateKey,
    @TheManager() manager: Manager,
  ): Promise<CreatedApiKeyObject> {
    return toCreatedKeyObject(await this.keys.create(manager, tenantId, toKeyOptions(body)));
  }

  @Get()
  @ApiOperation({ operationId: 'listKeys', summary: 'List the keys of a tenant' })
  @ApiOkResponse({ type: ApiKeyList })
  @ApiErrors('integer_above_max_value', 'invalid_value', ...ACCESS)
  async list(@Param('id') tenantId: string, @Query() query: ListQuery) {
    const slice = toSlice(query);
    return toPage(await this.keys.list(tenantId, slice), slice.take - 1, toKeyObject);
  }

  @Get(':keyId')
  @ApiOperation({ operationId: 'getKey', summary: 'Read a key' })
  @ApiOkResponse({ type: ApiKeyObject })
  @ApiErrors(...ACCESS)
  async get(@Param('id') tenantId: string, @Param('keyId') keyId: string): Promise<ApiKeyObject> {
    return toKeyObject(await this.keys.get(tenantId, keyId));
  }

  @Patch(':keyId')
  @ApiOperation({
    operationId: 'updateKey',
    summary: 'Change a key',
    description: 'What is absent stays. A managing key changes only keys that may do no more than itself.',
  })
  @ApiOkResponse({ type: ApiKeyObject })
  @ApiErrors(...BODY, ...ACCESS, 'already_rotated', BUSY)
  async update(
    @Param('id') tenantId: string,
    @Param('keyId') keyId: string,
    @Body() body: UpdateKey,
    @TheManager() manager: Manager,
  ): Promise<ApiKeyObject> {
    return toKeyObject(await this.keys.update(manager, tenantId, keyId, toKeyChanges(body)));
  }

  @Delete(':keyId')
  @ApiOperation({ operationId: 'revokeKey', summary: 'Revoke a key for good' })
  @ApiOkResponse({ type: ApiKeyObject })
  @ApiErrors(...ACCESS, BUSY)
  async revoke(
    @Param('id') tenantId: string,
    @Param('keyId') keyId: string,
    @TheManager() manager: Manager,
  ): Promise<ApiKeyObject> {
    return toKeyObject(await this.keys.revoke(manager, tenantId, keyId));
  }

  @Post(':keyId/rotate')
  @ApiOperation({
    operationId: 'rotateKey',
    summary: 'Replace a key; the answer shows the new one this once',
    description:
      'The new key may do the same and is counted on the same account, so that no budget begins anew. The old one works on for `grace_seconds`, and answers to it say until when in `x-cerebro-key-expires`.',
  })
  @ApiCreatedResponse({ type: CreatedApiKeyObject })
  @ApiErrors(...BODY, ...ACCESS, 'already_rotated', BUSY)
  async rotate(
    @Param('id') tenantId: string,
    @Param('keyId') keyId: string,
    @Body() { grace_seconds }: RotateKey,
    @TheManager() manager: Manager,
  ): Promise<CreatedApiKeyObject> {
    return toCreatedKeyObject(await this.rotation.rotate(manager, tenantId, keyId, grace_seconds ?? 0));
  }
}
