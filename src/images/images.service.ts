// Turns what callers give as images into what models can be handed. The rules about bytes are in image-check.ts.
import { ApiError } from '../errors/api-error.js';
import type { AddressGuard } from '../egress/address-guard.js';
import type { GuardedClient } from '../egress/guarded.client.js';
import type { ImagePayload } from '../inference/inference.js';
import { decodeBase64 } from './base64.js';
import { newId, isId } from '../contracts/identifier.js';
import { ImageBudget } from './image-budget.js';
import { type CheckedImage, checkImage } from './image-check.js';
import { downloadImage, egressProblem } from './image-download.js';
import { imageError } from './image-error.js';
import type { ImageSigner } from './image-signer.js';
import type { ImageSource } from './image-source.js';
import { mapInOrder } from './in-order.js';
import type { StoredImagesRepository } from './stored-images.repository.js';
import { TenantPlaces } from './tenant-places.js';

/** Images of one request that are loaded at the same time. */
const LOADS_A_REQUEST = 4;

/** Images that the process loads at the same time: at the cap of 10 MiB each they take 320 MiB. */
const LOADS = 32;

/** Of these, images of one tenant: what is left is for the others, while its images come slowly or not at all. */
const LOADS_A_TENANT = 24;

/** What the service works with. */
export interface ImagesOptions {
  readonly guard: Pick<AddressGuard, 'check'>;
  readonly client: Pick<GuardedClient, 'get'>;
  readonly stored: Pick<StoredImagesRepository, 'create' | 'read'>;
  readonly signer: ImageSigner;
  /** Whether addresses are downloaded though the model could fetch them itself. */
  readonly fetchAll: boolean;
  /** Where models reach us, without a slash at its end; absent: they do not. */
  readonly publicUrl: string | undefined;
}

/** A picture that we hold, as opposed to one that a model fetches elsewhere. */
export type PictureBytes = Extract<ImagePayload, { kind: 'bytes' }>;

/** Images of requests. */
export class Images {
  private readonly places = new TenantPlaces(LOADS, LOADS_A_TENANT);

  constructor(private readonly options: ImagesOptions) {}

  /**
   * Loads and checks images, in their order.
   *
   * @param options.bytes whether the model needs bytes also of images that have an address
   * @throws {ApiError} for the first image, by position, that cannot be used; the signal's reason when it is aborted
   */
  async load(
    sources: readonly ImageSource[],
    { tenantId, bytes, signal }: { tenantId: string; bytes: boolean; signal: AbortSignal },
  ): Promise<ImagePayload[]> {
    const budget = new ImageBudget();
    for (const source of sources) {
      if (source.kind === 'inline') budget.spend(Buffer.byteLength(source.base64, 'base64'), source.param);
    }
    return mapInOrder(sources, { width: LOADS_A_REQUEST, signal }, async (source, stop) => {
      if (source.kind === 'inline') return toPayload(checkImage(decodeBase64(source.base64), source.param));
      if (source.kind === 'address' && !bytes && !this.options.fetchAll) return this.pass(source);
      const image = await this.places.run(tenantId, stop, () =>
        source.kind === 'file'
          ? this.readFile(source, tenantId)
          : downloadImage(this.options.client, source.url, source.param, stop),
      );
      budget.spend(image.bytes.length, source.param);
      return toPayload(image);
    });
  }

  /**
   * Stores a picture for a model to fetch.
   *
   * @param more.param the image's place in the request, for errors
   * @param more.lifetimeMs how long it can be fetched, in milliseconds
   * @throws {ApiError} `public_url_required` where models cannot reach us
   */
  async publish(
    { bytes }: PictureBytes,
    { tenantId, param, lifetimeMs }: { tenantId: string; param: string; lifetimeMs: number },
  ): Promise<Extract<ImagePayload, { kind: 'address' }>> {
    const { publicUrl, stored, signer } = this.options;
    if (publicUrl === undefined) throw new ApiError('public_url_required', { param });
    const { mediaType, width, height } = checkImage(bytes, param);
    const expires = Math.ceil((Date.now() + lifetimeMs) / 1000);
    const id = newId('img_');
    const expiresAt = new Date(expires * 1000);
    await stored.create(tenantId, {
      id,
      filename: null,
      purpose: null,
      mediaType,
      bytes,
      width,
      height,
      expiresAt,
    });
    // Models guess a file's kind by the end of its name.
    const name = `${id}.${mediaType.slice('image/'.length)}`;
    const signature = signer.sign(name, String(expires));
    return { kind: 'address', url: `${publicUrl}/images/${name}?expires=${expires}&signature=${signature}` };
  }

  private pass({ url, param }: Extract<ImageSource, { kind: 'address' }>): ImagePayload {
    try {
      return { kind: 'address', url: this.options.guard.check(url).href };
    } catch (error) {
      throw egressProblem(error, param);
    }
  }

  private async readFile(
    { id, param }: Extract<ImageSource, { kind: 'file' }>,
    tenantId: string,
  ): Promise<CheckedImage> {
    const file = isId('file-', id) ? await this.options.stored.read(tenantId, id) : null;
    if (!file) throw imageError('invalid_image_url', param, 'there is no such file');
    return checkImage(file.bytes, param);
  }
}

function toPayload({ bytes, mediaType }: CheckedImage): PictureBytes {
  return { kind: 'bytes', bytes, mediaType };
}
