// Writes the answer to a question that asks for JSON: filled from what was seen, and open about its origin.
import type { JsonObject } from '../json.js';
import type { SeenPicture } from '../vision/picture-reader.js';
import { brightnessWord } from '../vision/written-answer.js';
import type { AskedJson } from './asked-json.js';
import { fill } from './schema-filler.js';
import { sightOf, type Sight } from './sight.js';

/** What an answer is made from. */
export interface JsonQuestion {
  readonly asked: AskedJson;
  readonly pictures: readonly SeenPicture[];
  /** What answers, and what it saw, in a sentence or two. */
  readonly statement: string;
}

/** The JSON value that answers. Nothing when the schema cannot be filled. */
export function jsonAnswer({ asked, pictures, statement }: JsonQuestion): unknown {
  const sight = sightOf(pictures, statement);
  return asked.schema ? filledForm(asked.schema, sight) : account(sight);
}

/** Says where it comes from in any free string, by a second filling where the first had no need to. */
function filledForm(root: JsonObject, sight: Sight): unknown {
  const place = { root, path: ['#'], depth: 0, words: [], sight };
  const plain = fill(root, { ...place, insists: false })?.value;
  if (plain === undefined || JSON.stringify(plain).includes('sandbox')) return plain;
  return fill(root, { ...place, insists: true })?.value;
}

function account({ pictures, statement }: Sight): JsonObject {
  const [first, ...others] = pictures.map(pictureFacts);
  return { note: statement, ...(others.length > 0 ? { images: [first, ...others] } : first) };
}

function pictureFacts(seen: SeenPicture): JsonObject {
  const { format, width, height, colours, text } = seen;
  return {
    format,
    width,
    height,
    colours: colours.map(({ name }) => name),
    brightness: brightnessWord(seen),
    text: text === '' ? [] : text.split('\n'),
  };
}
