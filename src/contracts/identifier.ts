// Public ids of tenants and keys.
import { randomUUIDv7 } from 'node:crypto';

/** A new id such as `ten_0199f2a4…`: unique, and sorted by the time it was made. */
export function newId(prefix: 'ten' | 'key'): string {
  return `${prefix}_${randomUUIDv7().replaceAll('-', '')}`;
}

/** Whether a text has the form of such an id; one that has not needs no lookup. */
export function isId(prefix: 'ten' | 'key', text: string): boolean {
  return new RegExp(`^${prefix}_[0-9a-f]{32}$`).test(text);
}
