// Takes out of a provider's or a model's words what they repeat of what was sent: prompts and addresses of pictures.

/** Shortest run of characters that is taken for a repetition. */
const SHORTEST = 10;

/** So much of each sent text is looked at. */
const LONGEST = 1024 ** 2;

/** Deepest level of an input that is looked at. */
const DEPTH = 8;

/** The words with `…` for whatever in them stands in the sent texts too. */
export function withoutEchoes(words: string, sent: readonly string[]): string {
  let rest = '';
  let echoedTo = 0;
  for (let at = 0; at < words.length; at++) {
    const run = words.slice(at, at + SHORTEST);
    if (run.length === SHORTEST && sent.some((text) => text.includes(run))) {
      if (at >= echoedTo) rest += '…';
      echoedTo = at + SHORTEST;
    }
    if (at >= echoedTo) rest += words[at] ?? '';
  }
  return rest;
}

/** All texts in an input, or in what holds one; pictures that were sent as data are none. */
export function textsIn(value: unknown, depth = 0): string[] {
  if (typeof value === 'string') return value.startsWith('data:') ? [] : [value.slice(0, LONGEST)];
  if (typeof value !== 'object' || value === null || depth >= DEPTH) return [];
  return Object.values(value).flatMap((inner) => textsIn(inner, depth + 1));
}

/** The texts in a body of JSON; none in any other. */
export function textsInJson(body: unknown): string[] {
  if (typeof body !== 'string') return [];
  try {
    return textsIn(JSON.parse(body));
  } catch {
    return [];
  }
}
