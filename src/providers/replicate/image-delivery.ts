// Hands images to Replicate in a form that the model takes: an address, a data URI, an upload, or bare base64.
import { ApiError } from '../../errors/api-error.js';
import type { ImageForm, ImagePayload } from '../../inference/inference.js';
import type { ImageValue } from './input.js';
import type { ReplicateClient } from './replicate.client.js';

/** Largest image that goes as a data URI, in bytes: Replicate asks for files above 256 KB. */
const MAX_DATA_URI = 256 * 1024;

/** Delivers images. */
export class ImageDelivery {
  constructor(private readonly client: Pick<ReplicateClient, 'upload'>) {}

  /**
   * The values for a model's image fields, all of one form, in order.
   *
   * @param forms the forms that the model takes
   * @throws {UpstreamFault} when an upload fails
   */
  async deliver(
    images: readonly ImagePayload[],
    forms: readonly ImageForm[],
    signal: AbortSignal,
  ): Promise<ImageValue[]> {
    if (images.length === 0) return [];
    if (forms.includes('uri')) return Promise.all(images.map((image) => this.toUri(image, signal)));
    const addresses = images.flatMap((image) => (image.kind === 'address' ? [image.url] : []));
    if (forms.includes('address') && addresses.length === images.length) {
      return addresses.map((value) => ({ form: 'address', value }));
    }
    const pictures = images.flatMap((image) => (image.kind === 'bytes' ? [image.bytes] : []));
    if (forms.includes('base64') && pictures.length === images.length) {
      return pictures.map((bytes) => ({ form: 'base64', value: toBase64(bytes) }));
    }
    throw new ApiError('internal_error', {
      cause: new Error('images in a form that the model does not take'),
    });
  }

  /** The images as they go into messages, which are sent as they are: an upload of ours is nobody else's to read. */
  inline(images: readonly ImagePayload[]): ImageValue[] {
    return images.map((image) => ({
      form: 'uri',
      value: image.kind === 'address' ? image.url : toDataUri(image.bytes, image.mediaType),
    }));
  }

  private async toUri(image: ImagePayload, signal: AbortSignal): Promise<ImageValue> {
    if (image.kind === 'address') return { form: 'uri', value: image.url };
    const { bytes, mediaType } = image;
    const value =
      bytes.length <= MAX_DATA_URI
        ? toDataUri(bytes, mediaType)
        : await this.client.upload(bytes, mediaType, signal);
    return { form: 'uri', value };
  }
}

function toDataUri(bytes: Uint8Array, mediaType: string): string {
  return `data:${mediaType};base64,${toBase64(bytes)}`;
}

function toBase64({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}
