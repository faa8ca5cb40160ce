// `/v1/files`.
import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { SkipThrottle } from '@nestjs/throttler';
import { ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { REQUEST_LIMIT_HEADERS } from '../contracts/inference-headers.js';
import { placeAfter } from '../contracts/cursor.js';
import { toPage } from '../contracts/list-page.contract.js';
import { Requires } from '../contracts/requires.decorator.js';
import { ApiErrors } from '../http/api-errors.decorator.js';
import { pictureAnswer } from '../images/image-answer.js';
import { RateLimitGuard } from '../metering/rate-limit.guard.js';
import { CreateFile, DeletedFile, FileList, FileObject, ListFiles, MAX_LIFETIME } from './files.contract.js';
import { toFileObject } from './files.mapper.js';
import { FilesService } from './files.service.js';
import { MultipartGuard } from './multipart.guard.js';
import { TenantId } from '../auth/tenant.decorator.js';

/** How long a caller may keep a file that never changes, in seconds. */
const CONTENT_MAX_AGE = 3600;

const CREDENTIALS = ['missing_api_key', 'invalid_api_key', 'insufficient_permissions'] as const;

/** OpenAI's files, for images. */
@ApiTags('Files')
@Requires('inference')
@Controller('v1/files')
export class FilesController {
  constructor(private readonly files: FilesService) {}

  @Post()
  @HttpCode(200)
  @RouteConfig({ multipart: true })
  @UseGuards(MultipartGuard, RateLimitGuard)
  @SkipThrottle({ tokens: true })
  @ApiConsumes('multipart/form-data')
  @ApiOperation({
    operationId: 'createFile',
    summary: 'Upload an image',
    description:
      'Keeps an image for 30 days, or less if `expires_after` says so, to be named in requests by its id. It is held to the same rules as an image within a request.',
  })
  @ApiOkResponse({ type: FileObject, headers: REQUEST_LIMIT_HEADERS })
  @ApiErrors(
    'bad_http',
    'missing_required_parameter',
    'unknown_parameter',
    'invalid_type',
    'invalid_value',
    'integer_above_max_value',
    'invalid_image',
    'image_too_large',
    ...CREDENTIALS,
    'rate_limit_exceeded',
  )
  async create(@Body() form: CreateFile, @TenantId() tenantId: string): Promise<FileObject> {
    const lifetime = Number(form['expires_after[seconds]'] ?? MAX_LIFETIME);
    const { file, purpose } = form;
    return toFileObject(await this.files.create(tenantId, file, { purpose, lifetime }));
  }

  @Get()
  @ApiOperation({ operationId: 'listFiles', summary: 'List the files' })
  @ApiOkResponse({ type: FileList })
  @ApiErrors('integer_above_max_value', 'invalid_value', ...CREDENTIALS)
  async list(@Query() { limit, after, order, purpose }: ListFiles, @TenantId() tenantId: string) {
    const size = limit ?? 20;
    const slice = {
      limit: size + 1,
      after: placeAfter('file-', after),
      order: order ?? 'desc',
      purpose,
    } as const;
    const rows = await this.files.list(tenantId, slice);
    return toPage(rows, size, toFileObject);
  }

  @Get(':id')
  @ApiOperation({ operationId: 'getFile', summary: "Read a file's description" })
  @ApiOkResponse({ type: FileObject })
  @ApiErrors(...CREDENTIALS, 'not_found')
  async get(@Param('id') id: string, @TenantId() tenantId: string): Promise<FileObject> {
    return toFileObject(await this.files.get(tenantId, id));
  }

  @Get(':id/content')
  @ApiOperation({ operationId: 'getFileContent', summary: 'Read a file' })
  @ApiOkResponse({
    description: 'The image.',
    content: { 'image/*': { schema: { type: 'string', format: 'binary' } } },
  })
  @ApiErrors(...CREDENTIALS, 'not_found')
  async content(@Param('id') id: string, @TenantId() tenantId: string): Promise<Response> {
    return pictureAnswer(await this.files.read(tenantId, id), CONTENT_MAX_AGE);
  }

  @Delete(':id')
  @ApiOperation({ operationId: 'deleteFile', summary: 'Delete a file' })
  @ApiOkResponse({ type: DeletedFile })
  @ApiErrors(...CREDENTIALS, 'not_found')
  async remove(@Param('id') id: string, @TenantId() tenantId: string): Promise<DeletedFile> {
    await this.files.remove(tenantId, id);
    return { id, object: 'file', deleted: true };
  }
}
