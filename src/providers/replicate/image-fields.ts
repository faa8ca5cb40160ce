// Which inputs hold images, in which form, and how many.
import type { ImageForm } from '../../inference/inference.js';
import { wordsOf } from './field-names.js';
import { fileRank, formsOf, type ImageRank, isCommaSeparated, textRank } from './image-names.js';
import type { Property } from './schema.wire.js';

/** One way to hand images to a model. */
export interface ImageChannel {
  readonly form: ImageForm;
  /** `one` value, a `list` of them, one text split on commas (`csv`), or an input for each (`numbered`). */
  readonly container: 'one' | 'list' | 'csv' | 'numbered';
  /** The inputs' names: one, or as many as there are for `numbered`. */
  readonly names: readonly string[];
  /** Most images. */
  readonly capacity: number;
  /** Fewest images, of a request that has any. */
  readonly minimum: number;
  /** Whether the model answers nothing without images. */
  readonly required: boolean;
}

interface Candidate {
  readonly property: Property;
  readonly form: ImageForm;
  readonly container: 'one' | 'list' | 'csv';
  readonly rank: ImageRank;
  readonly required: boolean;
}

/**
 * The ways to hand images to a model, best first; none for a model that takes none. Of all inputs those are
 * taken whose names say most plainly that they are the image, and where one must be sent, that one alone.
 */
export function findImages(inputs: readonly Property[]): readonly ImageChannel[] {
  const candidates = inputs.flatMap(toCandidates);
  const needed = candidates.filter(({ required, rank }) => required && rank <= 1);
  const open = needed.length > 0 ? needed.map(({ rank }) => rank) : candidates.map(({ rank }) => rank);
  const best = Math.min(...open);
  const channels = group(candidates.filter(({ rank }) => rank === best)).map(toChannel);
  const must = channels.find(({ required }) => required);
  return must ? channels.filter(({ names }) => names.join() === must.names.join()) : channels;
}

function toCandidates(property: Property): Candidate[] {
  const { type, format, items, enum: choices, maxItems } = property;
  if (choices || items?.enum || maxItems === 0) return [];
  const required = property.required && property.default === undefined;
  const isList = type === 'array';
  const value = isList
    ? (items ?? { type: 'string', format: undefined })
    : { type: type ?? 'string', format };
  if (value.type !== 'string' && value.type !== undefined) return [];
  if (value.format === 'uri') {
    const rank = fileRank(property.name);
    const container = isList ? 'list' : 'one';
    return rank === undefined ? [] : [{ property, form: 'uri', container, rank, required }];
  }
  const rank = textRank(property);
  if (rank === undefined || value.format !== undefined) return [];
  const container = isList ? 'list' : isCommaSeparated(property) ? 'csv' : 'one';
  return formsOf(property).map((form) => ({ property, form, container, rank, required }));
}

/** Puts `image1`, `image2`, … together; whatever is not numbered stays alone. */
function group(candidates: readonly Candidate[]): Candidate[][] {
  const groups = Map.groupBy(candidates, ({ property: { name }, form, container }) =>
    container === 'one' ? `${form} ${stemOf(name)}` : `${form} ${container} ${name}`,
  );
  return [...groups.values()].map((members) =>
    members.sort((a, b) => numberOf(a.property.name) - numberOf(b.property.name)),
  );
}

function toChannel(members: Candidate[]): ImageChannel {
  const [{ property, form, container }] = members as [Candidate];
  const names = members.map((member) => member.property.name);
  const required = members.some((member) => member.required);
  if (names.length > 1) {
    const minimum = members.findLastIndex((member) => member.required) + 1;
    return { form, container: 'numbered', names, capacity: names.length, minimum, required };
  }
  if (container === 'one') return { form, container, names, capacity: 1, minimum: 1, required };
  const { minItems = 1, maxItems = Infinity } = container === 'list' ? property : {};
  return { form, container, names, capacity: maxItems, minimum: minItems, required };
}

function stemOf(name: string): string {
  return wordsOf(name)
    .filter((word) => !/^\d/.test(word))
    .join('_');
}

function numberOf(name: string): number {
  return Number(wordsOf(name).find((word) => /^\d/.test(word)) ?? -1);
}
