// Gets a request's images into a form that its model takes.
import { Injectable } from '@nestjs/common';
import { Images } from '../images/images.service.js';
import type { ImageSource } from '../images/image-source.js';
import type { Call } from '../inference/call.js';
import type { ImagePayload, InferencePlan } from '../inference/inference.js';

/** How long a picture of ours outlives its prediction's deadline, in milliseconds. */
const AFTERWARDS = 600_000;

/** Images for plans. */
@Injectable()
export class ImagesForPlan {
  constructor(private readonly images: Images) {}

  /**
   * The images, checked. A model that fetches addresses itself is given addresses of ours for what has none.
   *
   * @throws {ApiError} naming the image by its position, and what is wrong with it
   */
  async load(
    { imageForms, timeoutMs }: InferencePlan,
    sources: readonly ImageSource[],
    call: Call,
  ): Promise<ImagePayload[]> {
    if (sources.length === 0) return [];
    const { tenantId, signal } = call;
    const onlyAddresses = sources.every(({ kind }) => kind === 'address');
    const takesUris = imageForms.includes('uri');
    const takesThese = takesUris || (imageForms.includes('address') && onlyAddresses);
    const bytes = !takesThese && imageForms.includes('base64');
    const payloads = await this.images.load(sources, { tenantId, bytes, signal });
    if (takesUris || bytes || imageForms.includes('base64')) return payloads;
    return Promise.all(
      payloads.map(async (payload, index): Promise<ImagePayload> => {
        if (payload.kind === 'address') return payload;
        return this.images.publish(payload, {
          tenantId,
          param: sources[index]?.param ?? 'image',
          lifetimeMs: timeoutMs + AFTERWARDS,
        });
      }),
    );
  }
}
