// How large an image may be. Only numbers and their reasons; what is done about them is in image-check.ts.

const MiB = 1024 ** 2;

/** Bytes of one image. Larger ones only cost time: models scale everything down to a few megapixels. */
export const MAX_IMAGE_BYTES = 10 * MiB;

/** Bytes of a request's images together, as far as they pass through us: what one caller can hold in memory. */
export const MAX_REQUEST_BYTES = 32 * MiB;

/** Pixels of one image. Decoded, 50 megapixels are 150 MB of a model's memory; phones take 12 to 50. */
export const MAX_PIXELS = 50_000_000;

/** Pixels of a side: the most that WebP can have (RFC 9649), and less than libjpeg's 65,500. */
export const MAX_SIDE = 16_383;

/**
 * Pixels of a side. Image processors guess the order of an array's axes by looking for one of 1 or 3 channels,
 * so a picture 1 or 3 pixels high is taken for another shape, which has crashed servers (CVE-2026-22773).
 */
export const MIN_SIDE = 4;

/** Longer side to shorter side. Processors of the Qwen-VL family refuse more than 200. */
export const MAX_ASPECT_RATIO = 200;

/** Frames of an animation. The model sees the first; the others only cost its decoder time. */
export const MAX_FRAMES = 100;

/** Images of one request. */
export const MAX_IMAGES = 16;

/** A size in bytes, for people. */
export function mebibytes(bytes: number): string {
  return `${bytes / MiB} MiB`;
}
