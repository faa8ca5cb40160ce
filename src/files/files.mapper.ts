// From stored pictures to OpenAI's file objects.
import { unixSeconds } from '../contracts/unix-seconds.js';
import type { StoredImageRow } from '../images/stored-images.repository.js';
import { type FileObject, MAX_LIFETIME } from './files.contract.js';

/** A file as OpenAI's API shows it. */
export function toFileObject(row: StoredImageRow): FileObject {
  const { id, size, createdAt, expiresAt, filename, purpose } = row;
  const created = unixSeconds(createdAt);
  return {
    id,
    object: 'file',
    bytes: size,
    created_at: created,
    expires_at: expiresAt ? unixSeconds(expiresAt) : created + MAX_LIFETIME,
    filename: filename ?? '',
    purpose: purpose === 'user_data' ? purpose : 'vision',
    status: 'processed',
  };
}
