// From stored pictures to OpenAI's file objects.
import type { StoredImageRow } from '../images/stored-images.repository.js';
import { type FileObject, MAX_LIFETIME } from './files.contract.js';

/** A file as OpenAI's API shows it. */
export function toFileObject(row: StoredImageRow): FileObject {
  const { id, size, createdAt, expiresAt, filename, purpose } = row;
  const created = seconds(createdAt);
  return {
    id,
    object: 'file',
    bytes: size,
    created_at: created,
    expires_at: expiresAt ? seconds(expiresAt) : created + MAX_LIFETIME,
    filename: filename ?? '',
    purpose: purpose === 'user_data' ? purpose : 'vision',
    status: 'processed',
  };
}

function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
