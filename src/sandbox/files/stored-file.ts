// A file that was uploaded, and how Replicate's API shows it.
import { inMilliseconds } from '../clock.js';
import type { JsonObject } from '../json.js';

/** What an upload brings. */
export interface Upload {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly metadata: JsonObject;
}

/** A file. Times are epoch milliseconds. */
export interface StoredFile extends Upload {
  readonly id: string;
  /** Whose it is; nobody else can read it. */
  readonly account: string;
  readonly md5: string;
  readonly sha256: string;
  readonly createdAt: number;
  /** When it is gone. */
  readonly expiresAt: number;
}

/** A file as the API shows it: everything but its bytes. */
export function fileBody(file: StoredFile, baseUrl: string): object {
  return {
    id: file.id,
    name: file.name,
    content_type: file.mediaType,
    size: file.bytes.length,
    etag: file.md5,
    checksums: { sha256: file.sha256, md5: file.md5 },
    metadata: file.metadata,
    created_at: inMilliseconds(file.createdAt),
    expires_at: inMilliseconds(file.expiresAt),
    urls: { get: `${baseUrl}/files/${file.id}` },
  };
}
