// What can be done with files. Everything is asked for by the tenant first: another's file is no file.
import { Injectable } from '@nestjs/common';
import { ApiError } from '../errors/api-error.js';
import { isId, newId } from '../contracts/identifier.js';
import { checkImage } from '../images/image-check.js';
import {
  type StoredImageRow,
  type StoredImageSlice,
  StoredImagesRepository,
  type StoredPicture,
} from '../images/stored-images.repository.js';
import type { FormFile } from './form-data.js';

/** A tenant's files. */
@Injectable()
export class FilesService {
  constructor(private readonly stored: StoredImagesRepository) {}

  /**
   * Keeps a picture.
   *
   * @param more.lifetime how long, in seconds
   * @throws {ApiError} `invalid_image` or `image_too_large` for a file that no request could use
   */
  create(
    tenantId: string,
    { filename, bytes }: FormFile,
    { purpose, lifetime }: { purpose: string; lifetime: number },
  ): Promise<StoredImageRow> {
    const image = checkImage(bytes, 'file');
    const expiresAt = new Date(Date.now() + lifetime * 1000);
    return this.stored.create(tenantId, { ...image, id: newId('file-'), filename, purpose, expiresAt });
  }

  list(tenantId: string, slice: StoredImageSlice): Promise<StoredImageRow[]> {
    return this.stored.list(tenantId, slice);
  }

  /** @throws {ApiError} `not_found` for an unknown file, and for another tenant's */
  async get(tenantId: string, id: string): Promise<StoredImageRow> {
    return (isId('file-', id) ? await this.stored.find(tenantId, id) : null) ?? notFound(id);
  }

  /** @throws {ApiError} `not_found` for an unknown file, and for another tenant's */
  async read(tenantId: string, id: string): Promise<StoredPicture> {
    return (isId('file-', id) ? await this.stored.read(tenantId, id) : null) ?? notFound(id);
  }

  /** @throws {ApiError} `not_found` for an unknown file, and for another tenant's */
  async remove(tenantId: string, id: string): Promise<void> {
    const isGone = isId('file-', id) && (await this.stored.remove(tenantId, id));
    if (!isGone) notFound(id);
  }
}

function notFound(id: string): never {
  throw new ApiError('not_found', { param: 'id', message: `No such File object: ${id.slice(0, 64)}` });
}
