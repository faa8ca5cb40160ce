// What is answered where there is no such object: in the same words for another tenant's as for none at all.
import { ApiError } from '../errors/api-error.js';

/** The error for an id of nothing that the caller may know of; what is too long for an id is cut. */
export function notFound(what: 'tenant' | 'key' | 'ledger entry', id: string): ApiError {
  return new ApiError('not_found', { message: `No such ${what}: '${id.slice(0, 64)}'.` });
}
