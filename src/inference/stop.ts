// Cuts an answer where a stop text begins.

/** A text before the first of its stop texts, and whether there was one. */
export function cutAtStop(text: string, stop: readonly string[] = []): { text: string; stopped: boolean } {
  const ends = stop.filter((word) => word !== '').map((word) => text.indexOf(word));
  const first = Math.min(...ends.filter((end) => end >= 0));
  return first === Infinity ? { text, stopped: false } : { text: text.slice(0, first), stopped: true };
}
