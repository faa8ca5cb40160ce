// The text of one turn, with words at the places where its images are.
import type { Turn } from '../../inference/conversation.js';

/** What stands for an image in a text, by the image's position; undefined: nothing does. */
export type ImageMark = (image: number) => string | undefined;

/**
 * Mentions such as `[image 2]`, counted from 1 in the order of the request. None where there is one image and it
 * comes with the first words of the user: nothing else could be meant.
 */
export function mentionsFor(turns: readonly Turn[], imageCount: number): ImageMark {
  const opening = turns.find(({ role }) => role === 'user');
  const isPlain = imageCount === 1 && opening?.parts.some((part) => 'image' in part);
  return isPlain ? () => undefined : (image) => `[image ${image + 1}]`;
}

/** A turn's text, its parts on lines of their own. A user's images without a word get a neutral question. */
export function textOfTurn({ role, parts }: Turn, markOf: ImageMark): string {
  const images = parts.flatMap((part) => ('image' in part ? [part.image] : []));
  const isSilent = parts.every((part) => !('text' in part) || part.text.trim() === '');
  const mentions = (image: number) => markOf(image) ?? [];
  if (role === 'user' && isSilent && images.length > 0) {
    return [...images.flatMap(mentions), `Describe the image${images.length > 1 ? 's' : ''}.`].join('\n');
  }
  return parts.flatMap((part) => ('text' in part ? part.text : mentions(part.image))).join('\n');
}

/** Whether nothing of a turn would be left in its text. */
export function isBlank(turn: Turn): boolean {
  return textOfTurn(turn, () => undefined).trim() === '';
}
