// Cuts an answer where a stop text begins: the one that is complete first, as if the model had stopped there.

/** A text before its stop text, and whether there was one. */
export function cutAtStop(text: string, stop: readonly string[] = []): { text: string; stopped: boolean } {
  const start = findStop(text, stop);
  return start === undefined ? { text, stopped: false } : { text: text.slice(0, start), stopped: true };
}

/** Where the stop text begins that is complete first. */
export function findStop(text: string, stop: readonly string[]): number | undefined {
  let found: { readonly start: number; readonly end: number } | undefined;
  for (const word of stop) {
    const start = word === '' ? -1 : text.indexOf(word);
    const end = start + word.length;
    const isFirst = !found || end < found.end || (end === found.end && start < found.start);
    if (start >= 0 && isFirst) found = { start, end };
  }
  return found?.start;
}
