// What is counted against limits, and what comes of it. The counting itself is the database's.

/** Length of the window that every limit is about, in milliseconds. */
export const WINDOW_MS = 60_000;

/** Something that counts against a limit. */
export interface Hit {
  /** What the limit is about, such as `req:ten_…`. */
  readonly key: string;
  /** How much it counts: a whole number from 0 on. */
  readonly cost: number;
  /** The most that may count in any 60 seconds: a whole number from 0 on. */
  readonly limit: number;
}

/** A change of what was counted before. */
export interface Correction {
  readonly key: string;
  /** Positive: counts from now on, though the limit be passed. Negative: that much less was used at `second`. */
  readonly cost: number;
  /** The {@link Count.second} of what is corrected; what has left the window since is left as it is. */
  readonly second: number;
}

/** How a hit's limit stands afterwards. */
export interface Count extends Hit {
  /** What has been used in the last 60 seconds; a refused hit is not in it. */
  readonly used: number;
  readonly remaining: number;
  /** Until one more hit of this cost fits, in milliseconds: 0 now, undefined never. */
  readonly fitsInMs: number | undefined;
  /** Until nothing is used any more, in milliseconds. */
  readonly resetMs: number;
  /** The second that it was counted in, by the database's clock, since 1970. */
  readonly second: number;
}

/** What came of a group of hits. */
export interface Verdict {
  /** Of each hit, in the order given. */
  readonly counts: readonly Count[];
  /** The one to wait for longest among those that did not fit; undefined where all of them were counted. */
  readonly refused: Count | undefined;
}

/** A verdict as the database gives it: lists have an element for each hit. */
export interface VerdictRow {
  readonly taken: boolean;
  readonly used: readonly number[];
  readonly fits_ms: readonly (number | null)[];
  readonly reset_ms: readonly number[];
  readonly seconds: readonly number[];
}

/** Makes a verdict out of its row. */
export function toVerdict(hits: readonly Hit[], row: VerdictRow): Verdict {
  const counts = hits.map((hit, index): Count => {
    const used = row.used[index] ?? 0;
    const fits = row.fits_ms[index] ?? undefined;
    return {
      ...hit,
      used,
      remaining: Math.max(0, hit.limit - used),
      fitsInMs: fits === undefined ? undefined : Math.ceil(fits),
      resetMs: Math.ceil(row.reset_ms[index] ?? 0),
      second: row.seconds[index] ?? 0,
    };
  });
  if (row.taken) return { counts, refused: undefined };
  return {
    counts,
    refused: counts.reduce((worst, count) => (waitOf(count) > waitOf(worst) ? count : worst)),
  };
}

function waitOf({ fitsInMs }: Count): number {
  return fitsInMs ?? Infinity;
}
