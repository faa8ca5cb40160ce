// Takes out of a provider's or a model's words what they repeat of what was sent: prompts and addresses of pictures.

/** Shortest run of characters that is taken for a repetition. */
const SHORTEST = 10;

/** Most characters that are looked through, and most that are kept of the words: it takes milliseconds then. */
const MOST_SENT = 256 * 1024;
const MOST_WORDS = 8192;

/** Deepest level of an input that is looked at. */
const DEPTH = 8;

/** The words with `…` for whatever in them stands in the sent texts too; `…` alone where too much was sent to tell. */
export function withoutEchoes(words: string, sent: readonly string[]): string {
  if (sent.reduce((sum, { length }) => sum + length, 0) > MOST_SENT) return '…';
  const kept = words.slice(0, MOST_WORDS);
  const echoed = commonRuns(kept, sent);
  if (echoed.size === 0) return kept;
  let rest = '';
  let echoedTo = 0;
  for (let at = 0; at < kept.length; at++) {
    if (echoed.has(kept.slice(at, at + SHORTEST))) {
      if (at >= echoedTo) rest += '…';
      echoedTo = at + SHORTEST;
    }
    if (at >= echoedTo) rest += kept[at] ?? '';
  }
  return rest;
}

/** Runs of {@link SHORTEST} characters that the words share with what was sent. */
function commonRuns(words: string, sent: readonly string[]): Set<string> {
  const runs = new Set(runsOf(words));
  return new Set(sent.flatMap((text) => runsOf(text).filter((run) => runs.has(run))));
}

function runsOf(text: string): string[] {
  const count = Math.max(0, text.length - SHORTEST + 1);
  return Array.from({ length: count }, (_, at) => text.slice(at, at + SHORTEST));
}

/** All texts in an input, or in what holds one; pictures that were sent as data are none. */
export function textsIn(value: unknown, depth = 0): string[] {
  if (typeof value === 'string') return value.startsWith('data:') ? [] : [value];
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
