// Holds an image's bytes to the rules: one of four formats, whole, and neither too large nor too small.
import { imageError } from './image-error.js';
import { type ImageHeader, readImageHeader } from './image-header.js';
import {
  MAX_ASPECT_RATIO,
  MAX_FRAMES,
  MAX_IMAGE_BYTES,
  MAX_PIXELS,
  MAX_SIDE,
  mebibytes,
  MIN_SIDE,
} from './image-limits.js';

/** An image that keeps every rule, with nothing behind it. */
export interface CheckedImage {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly width: number;
  readonly height: number;
}

const FAULTS = {
  unknown: 'the image is not a JPEG, PNG, WebP or GIF',
  broken: 'the image is broken or incomplete',
} as const;

/**
 * Checks an image by its bytes. What stands behind the picture, such as an archive or a page, is cut off.
 *
 * @throws {ApiError} `invalid_image` or `image_too_large`, naming `param`
 */
export function checkImage(bytes: Uint8Array, param: string): CheckedImage {
  if (bytes.length === 0) throw imageError('invalid_image', param, 'the image is empty');
  if (bytes.length > MAX_IMAGE_BYTES) throw tooManyBytes(param);
  const header = readImageHeader(bytes);
  if (typeof header === 'string') throw imageError('invalid_image', param, FAULTS[header]);
  checkSize(header, param);
  const { width, height, mediaType, byteLength } = header;
  return { bytes: bytes.subarray(0, byteLength), mediaType, width, height };
}

/** The error for an image of too many bytes, wherever that is found out. */
export function tooManyBytes(param: string) {
  const problem = `the image is larger than ${mebibytes(MAX_IMAGE_BYTES)}`;
  return imageError('image_too_large', param, problem);
}

function checkSize({ width, height, frames }: ImageHeader, param: string): void {
  const size = `the image has ${width} × ${height} pixels`;
  const [short, long] = width < height ? [width, height] : [height, width];
  if (short < MIN_SIDE) {
    throw imageError('invalid_image', param, `${size}; each side needs at least ${MIN_SIDE}`);
  }
  if (long > MAX_SIDE) {
    throw imageError('image_too_large', param, `${size}; each side may have at most ${MAX_SIDE}`);
  }
  if (width * height > MAX_PIXELS) {
    throw imageError('image_too_large', param, `${size}; at most ${MAX_PIXELS / 1e6} million are taken`);
  }
  if (long > short * MAX_ASPECT_RATIO) {
    const problem = `${size}; one side may be at most ${MAX_ASPECT_RATIO} times as long as the other`;
    throw imageError('invalid_image', param, problem);
  }
  if (frames > MAX_FRAMES) {
    const problem = `the image is an animation of ${frames} frames; at most ${MAX_FRAMES} are taken`;
    throw imageError('image_too_large', param, problem);
  }
}
