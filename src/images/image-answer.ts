// How stored pictures are sent: as files to be saved, never as something that a browser would show or run.
import type { StoredPicture } from './stored-images.repository.js';

/** The answer with a picture. `maxAgeSeconds` is how long it may be kept by whoever asked for it. */
export function pictureAnswer({ bytes, mediaType }: StoredPicture, maxAgeSeconds: number): Response {
  return new Response(new Uint8Array(bytes), {
    headers: {
      'content-type': mediaType,
      'content-length': String(bytes.length),
      'content-disposition': 'attachment',
      'cache-control': `private, max-age=${Math.max(0, Math.floor(maxAgeSeconds))}`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    },
  });
}
