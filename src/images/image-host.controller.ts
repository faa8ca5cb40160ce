// `GET /images/{name}`: where models fetch the pictures that callers have sent as bytes. Not for callers.
import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Requires } from '../contracts/requires.decorator.js';
import { ApiError } from '../errors/api-error.js';
import { ApiErrors } from '../http/api-errors.decorator.js';
import { isId } from '../contracts/identifier.js';
import { pictureAnswer } from './image-answer.js';
import { ImageSigner } from './image-signer.js';
import { StoredImagesRepository } from './stored-images.repository.js';

/** An id and the end of a file's name. */
const NAME = /^(img_[0-9a-f]{32})\.(?:jpeg|png|webp|gif)$/;

/** Serves pictures to whoever holds a signed address; everything else is not found, whatever is wrong with it. */
@ApiTags('Provider')
@Requires('public')
@Controller('images')
export class ImageHostController {
  constructor(
    private readonly signer: ImageSigner,
    private readonly stored: StoredImagesRepository,
  ) {}

  @Get(':name')
  @ApiOperation({
    operationId: 'getImage',
    summary: 'For models: a picture that a caller has sent as bytes',
    description: 'Under a signed address that ends soon after the prediction. Not for callers.',
  })
  @ApiQuery({ name: 'expires', schema: { type: 'string' } })
  @ApiQuery({ name: 'signature', schema: { type: 'string' } })
  @ApiOkResponse({
    description: 'The picture.',
    content: { 'image/*': { schema: { type: 'string', format: 'binary' } } },
  })
  @ApiErrors('not_found')
  async open(
    @Param('name') name: string,
    @Query('expires') expires: unknown,
    @Query('signature') signature: unknown,
  ): Promise<Response> {
    const id = this.admit(name, expires, signature);
    const picture = id === undefined ? null : await this.stored.open(id);
    if (!picture) throw new ApiError('not_found');
    return pictureAnswer(picture, Number(expires) - Date.now() / 1000);
  }

  /** The picture's id, where the address is ours and still good; the database is not asked for any other. */
  private admit(name: string, expires: unknown, signature: unknown): string | undefined {
    if (typeof expires !== 'string' || typeof signature !== 'string') return undefined;
    if (!/^\d{1,12}$/.test(expires) || Number(expires) * 1000 < Date.now()) return undefined;
    const id = NAME.exec(name)?.[1];
    const isOurs = id !== undefined && isId('img_', id) && this.signer.isValid(name, expires, signature);
    return isOurs ? id : undefined;
  }
}
