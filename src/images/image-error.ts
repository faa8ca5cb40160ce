// The errors about images, in one form: which image by its position, and what is wrong with it.
import { ApiError } from '../errors/api-error.js';

/** Names in the catalogue that are about images. */
export type ImageErrorName = 'invalid_image_url' | 'invalid_image' | 'image_too_large';

/**
 * An error that names the image.
 *
 * @param param where the image stands in the request, such as `image_urls[1]`
 * @param problem what is wrong, as the rest of a sentence
 * @param cause for the log only; no address of a caller's, which may hold a secret
 */
export function imageError(reason: ImageErrorName, param: string, problem: string, cause?: string): ApiError {
  return new ApiError(reason, {
    param,
    message: `Invalid '${param}': ${problem}.`,
    ...(cause !== undefined && { cause }),
  });
}
