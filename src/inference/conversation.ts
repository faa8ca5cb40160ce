// What is asked of a model: one question, or a conversation with its images in their places.

/** A piece of a turn: a text, or one of the request's images by its position, from 0. */
export type Part = { readonly text: string } | { readonly image: number };

/** What one side said. */
export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly parts: readonly Part[];
}

/** A question, with all images before it; or the turns of a conversation, oldest first, the question last. */
export type Prompt = string | readonly Turn[];

/** The conversation that a prompt is: a question alone is one of one turn. */
export function turnsOf(prompt: Prompt, imageCount: number): readonly Turn[] {
  if (typeof prompt !== 'string') return prompt;
  const images = Array.from({ length: imageCount }, (_, image) => ({ image }));
  return [{ role: 'user', parts: [...images, { text: prompt }] }];
}

/** The texts of a prompt, in order. */
export function textsOf(prompt: Prompt): string[] {
  if (typeof prompt === 'string') return [prompt];
  return prompt.flatMap(({ parts }) => parts.flatMap((part) => ('text' in part ? [part.text] : [])));
}
