// The service on a web and a database that a test makes up. No test lives here.
import { expect } from 'vitest';
import { AddressGuard } from '../egress/address-guard.js';
import { EgressError } from '../egress/egress-error.js';
import { ApiError } from '../errors/api-error.js';
import { MAX_IMAGE_BYTES } from './image-limits.js';
import { ImageSigner } from './image-signer.js';
import { parseImageList } from './image-source.js';
import { Images, type ImagesOptions } from './images.service.js';
import type { NewStoredImage } from './stored-images.repository.js';

/** What an address answers with. */
export interface Page {
  readonly contentType?: string;
  readonly bytes: Uint8Array;
}

/** The web, as far as a test has any: what is at each address, or why it cannot be had. */
export function serviceWith(web: Record<string, Page | EgressError>, options: Partial<ImagesOptions> = {}) {
  const fetched: string[] = [];
  const files = new Map<string, NewStoredImage>();
  const guard = new AddressGuard({ privateHosts: [] });
  const service = new Images({
    guard,
    client: {
      // Guards itself, as the real one does, which then takes its time.
      get: async (address, { maxBytes }) => {
        guard.check(address);
        fetched.push(address);
        expect(maxBytes).toBe(MAX_IMAGE_BYTES);
        const page = web[address] ?? new EgressError('unreachable');
        if (page instanceof EgressError) throw page;
        await Promise.resolve();
        return { status: 200, contentType: page.contentType, bytes: page.bytes, url: new URL(address) };
      },
    },
    stored: {
      create: (tenantId, image) => {
        files.set(`${tenantId} ${image.id}`, image);
        return Promise.resolve({ ...image, tenantId, size: image.bytes.length, createdAt: new Date() });
      },
      read: (tenantId, id) => {
        const file = files.get(`${tenantId} ${id}`);
        return Promise.resolve(file ? { ...file, bytes: new Uint8Array(file.bytes) } : null);
      },
    },
    signer: new ImageSigner('pepper'),
    fetchAll: false,
    publicUrl: 'https://cerebro.example',
    ...options,
  });
  return { service, fetched, files };
}

/** Loads images as a door would. */
export const load = (
  service: Images,
  value: string | string[],
  { bytes = false, tenantId = 'ten_a', signal = new AbortController().signal } = {},
) => service.load(parseImageList(value, 'image_urls'), { tenantId, bytes, signal });

/** The ApiError that work fails with. */
export async function refusal(outcome: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await outcome.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}
