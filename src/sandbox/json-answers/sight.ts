// What there is to fill a form with: the pictures seen and the lines read, narrowed to one of them where a list
// is filled.
import type { SeenPicture } from '../vision/picture-reader.js';

/** What the filler looks at. */
export interface Sight {
  readonly pictures: readonly SeenPicture[];
  /** Lines of text, in reading order. */
  readonly lines: readonly string[];
  /** The one line that an element of a list is about. */
  readonly line?: string;
  /** The colours named by a list that is being filled; of the first picture otherwise. */
  readonly colours: readonly string[];
  /** What answers, and what it saw, in a sentence or two. */
  readonly statement: string;
}

/** All that was seen. */
export function sightOf(pictures: readonly SeenPicture[], statement: string): Sight {
  return {
    pictures,
    lines: pictures.flatMap(linesOf),
    colours: pictures[0]?.colours.map(({ name }) => name) ?? [],
    statement,
  };
}

/**
 * What each element of a list is filled from, by the list's name: a picture each, a colour each, a line of text
 * each, or nothing when its name does not say.
 */
export function elementSights(words: readonly string[], sight: Sight): Sight[] | undefined {
  const names = (...expected: string[]) => words.some((word) => expected.includes(word));
  if (names('images', 'pictures', 'photos', 'pages')) {
    return sight.pictures.map((picture) => sightOf([picture], sight.statement));
  }
  if (names('colors', 'colours', 'palette'))
    return sight.colours.map((name) => ({ ...sight, colours: [name] }));
  if (LINE_LIKE.some((name) => names(name)))
    return sight.lines.map((line) => ({ ...sight, lines: [line], line }));
  return undefined;
}

const LINE_LIKE = ['lines', 'line', 'rows', 'items', 'entries', 'texts', 'words', 'labels', 'positions'];

function linesOf({ text }: SeenPicture): string[] {
  return text === '' ? [] : text.split('\n');
}
