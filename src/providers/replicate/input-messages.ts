// A conversation as OpenAI's messages, for models that take them, with the images inside.
import type { Turn } from '../../inference/conversation.js';
import type { ImageValue } from './input-images.js';

/** Messages whose images are still to come: they are named by their positions. */
export interface PlannedMessages {
  /** The model's input for them. */
  readonly name: string;
  readonly system: string;
  readonly turns: readonly Turn[];
}

/**
 * The input for messages: the system prompt, if there is one, then the turns. A turn without images is a text.
 *
 * Source: `messages` of OpenAI's `CreateChatCompletionRequest`.
 */
export function messagesInput(
  { name, system, turns }: PlannedMessages,
  images: readonly ImageValue[],
): Record<string, unknown> {
  const messages = turns.map(({ role, parts }) => ({ role, content: contentOf(parts, images) }));
  return { [name]: [...(system ? [{ role: 'system', content: system }] : []), ...messages] };
}

function contentOf(parts: Turn['parts'], images: readonly ImageValue[]): unknown {
  const texts = parts.flatMap((part) => ('text' in part ? [part.text] : []));
  if (texts.length === parts.length) return texts.join('\n');
  return parts.flatMap((part): unknown[] => {
    // Beside an image an empty text says nothing, and some providers refuse one.
    if ('text' in part) return part.text === '' ? [] : [{ type: 'text', text: part.text }];
    const image = images[part.image];
    if (!image) throw new Error(`no image at position ${part.image}`);
    return [{ type: 'image_url', image_url: { url: image.value } }];
  });
}
