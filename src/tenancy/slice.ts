// Parts of lists that are read page by page.
import type { ListQuery } from '../contracts/list-page.contract.js';

/** A part of a list, in order of creation. */
export interface Slice {
  /** The id that it begins behind; undefined: at the first. */
  readonly after: string | undefined;
  /** Rows at most. */
  readonly take: number;
}

/** How many rows a page has where nobody says. */
const PAGE = 20;

/** What a page needs: one row more than are shown tells whether a next page exists. */
export function toSlice({ limit, after }: ListQuery): Slice {
  return { after: after ?? undefined, take: (limit ?? PAGE) + 1 };
}
