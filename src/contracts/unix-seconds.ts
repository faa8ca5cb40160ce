// Times as the API shows them.

/** Whole seconds since 1970. */
export function unixSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
