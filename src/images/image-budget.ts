// Counts the bytes of one request's images.
import { imageError } from './image-error.js';
import { MAX_REQUEST_BYTES, mebibytes } from './image-limits.js';

/** What a request may still load. */
export class ImageBudget {
  private spent = 0;

  /** @throws {ApiError} `image_too_large` when the images together become too large with this one */
  spend(bytes: number, param: string): void {
    this.spent += bytes;
    if (this.spent <= MAX_REQUEST_BYTES) return;
    const problem = `the images of one request may have ${mebibytes(MAX_REQUEST_BYTES)} together`;
    throw imageError('image_too_large', param, problem);
  }
}
