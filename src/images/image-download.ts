// Fetches an image from a caller's address, and says what went wrong in words that give nothing away.
import type { ApiError } from '../errors/api-error.js';
import { EgressError } from '../egress/egress-error.js';
import type { GuardedClient } from '../egress/guarded.client.js';
import { type CheckedImage, checkImage, tooManyBytes } from './image-check.js';
import { imageError } from './image-error.js';
import { MAX_IMAGE_BYTES } from './image-limits.js';

/** What servers call a picture, or a file that they know nothing of. */
const IMAGE_TYPE = /^(?:image\/[\w.+-]+|(?:application|binary)\/octet-stream)\s*(?:;|$)/i;

/**
 * Downloads and checks an image.
 *
 * @throws {ApiError} naming `param`; the signal's reason when it is aborted
 */
export async function downloadImage(
  client: Pick<GuardedClient, 'get'>,
  address: string,
  param: string,
  signal: AbortSignal,
): Promise<CheckedImage> {
  try {
    const { contentType, bytes } = await client.get(address, { maxBytes: MAX_IMAGE_BYTES, signal });
    if (contentType !== undefined && !IMAGE_TYPE.test(contentType.trim())) {
      throw imageError('invalid_image', param, 'its address answered with something that is not an image');
    }
    return checkImage(bytes, param);
  } catch (error) {
    throw egressProblem(error, param);
  }
}

/** The same error, in the words of an image's position where it is the network's. */
export function egressProblem(error: unknown, param: string): unknown {
  return error instanceof EgressError ? explain(error, param) : error;
}

function explain({ reason, status }: EgressError, param: string): ApiError {
  // The log gets the reason and never the address, which may hold a caller's secret.
  const refuse = (problem: string) => imageError('invalid_image_url', param, problem, `egress: ${reason}`);
  switch (reason) {
    case 'refused':
    case 'unreachable':
    case 'timed_out':
      // One text for all three: whoever can tell them apart can scan our network.
      return refuse('the image could not be loaded from this address');
    case 'bad_status':
      return refuse(`its address answered with status ${status ?? 'of an error'}`);
    case 'too_large':
      return tooManyBytes(param);
    case 'encoded':
      return refuse('its address answered with a compressed body');
    case 'cut_off':
      return refuse('the connection ended before the image was complete');
  }
}
