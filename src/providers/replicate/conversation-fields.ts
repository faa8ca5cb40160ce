// Which inputs take the turns of a conversation one by one, and how.
import { spelling } from './field-names.js';
import type { Property } from './schema.wire.js';

/** An input that is a list of turns. */
export interface TurnsField {
  readonly name: string;
  /** Fewest and most entries. */
  readonly minimum: number;
  readonly maximum: number;
}

/** An input for the turns before the question: texts, in turn the user's and the model's, the user's first. */
export interface HistoryField extends TurnsField {
  /** What is written into the text that an image belongs to, where the model reads such a word. */
  readonly imageTag?: string;
}

const IMAGE_TAG = '<image>';

/** The input for OpenAI's messages: a list of objects named `messages`, as OpenAI's own models at Replicate have. */
export function findMessages(inputs: readonly Property[]): TurnsField | undefined {
  const found = inputs.find(({ name, type, items }) => {
    return spelling(name) === 'messages' && type === 'array' && items?.type === 'object';
  });
  return found && toField(found);
}

/** The input for earlier turns: a list of texts, as the LLaVA 1.6 models of yorickvp have. */
export function findHistory(inputs: readonly Property[]): HistoryField | undefined {
  const found = inputs.find(({ name, type, items, description }) => {
    const isTexts = type === 'array' && items?.type === 'string' && !items.enum && !items.format;
    return isTexts && /^(chat_)?history$/.test(spelling(name)) && !/\bjson\b/i.test(description);
  });
  if (!found) return undefined;
  return { ...toField(found), ...(found.description.includes(IMAGE_TAG) && { imageTag: IMAGE_TAG }) };
}

function toField({ name, minItems = 0, maxItems = Infinity }: Property): TurnsField {
  return { name, minimum: minItems, maximum: maxItems };
}
