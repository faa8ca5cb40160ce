// Public ids of everything that has one.
import { randomUUIDv7 } from 'node:crypto';

/** How an id begins, which tells what it is of: OpenAI's files have a dash there. */
export type IdPrefix = 'ten_' | 'key_' | 'prd_' | 'img_' | 'aud_' | 'file-';

/** A new id such as `ten_0199f2a4…`: unique, and sorted by the time it was made. */
export function newId(prefix: IdPrefix): string {
  return prefix + randomUUIDv7().replaceAll('-', '');
}

/** Whether a text has the form of such an id; one that has not needs no lookup. */
export function isId(prefix: IdPrefix, text: string): boolean {
  return text.startsWith(prefix) && /^[0-9a-f]{32}$/.test(text.slice(prefix.length));
}
