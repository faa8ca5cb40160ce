// How a model is given a conversation: in which of its inputs, best first. What is written there is not here.
import type { Prompt, Turn } from '../../inference/conversation.js';
import type { InferenceRequest } from '../../inference/inference.js';
import type { HistoryField, TurnsField } from './conversation-fields.js';
import type { FixedInput } from './input-numbers.js';
import type { ModelInterface } from './model-interface.js';
import type { TextField } from './text-fields.js';
import { isBlank } from './turn-texts.js';

/** The inputs that a conversation goes into: all of it, all but the question, or all of it in the one prompt. */
export type ConversationForm =
  | { readonly kind: 'messages'; readonly field: TurnsField; readonly turns: readonly Turn[] }
  | { readonly kind: 'history'; readonly field: HistoryField; readonly turns: readonly Turn[] }
  | { readonly kind: 'prompt' };

/** The form for a request. A single question always goes into the prompt, and its images into their own input. */
export function conversationForm(
  { prompt, imageCount }: Pick<InferenceRequest, 'prompt' | 'imageCount'>,
  model: ModelInterface,
  fixed: FixedInput,
): ConversationForm {
  if (!isConversation(prompt)) return { kind: 'prompt' };
  const { messages, history } = model;
  // One entry more, for the system prompt.
  if (messages && isOpen(messages, prompt.length + 1, fixed) && isDispensable(model, imageCount)) {
    return { kind: 'messages', field: messages, turns: prompt };
  }
  if (history && isOpen(history, prompt.length - 1, fixed) && isAlternating(prompt)) {
    return { kind: 'history', field: history, turns: prompt };
  }
  return { kind: 'prompt' };
}

/** Whether a prompt is more than one question of the user's. */
export function isConversation(prompt: Prompt): prompt is readonly Turn[] {
  return typeof prompt !== 'string' && (prompt.length > 1 || prompt[0]?.role === 'assistant');
}

function isOpen({ name, minimum, maximum }: TurnsField, count: number, fixed: FixedInput): boolean {
  return !Object.hasOwn(fixed, name) && count >= minimum && count <= maximum;
}

/** Whether the inputs that messages take the place of can be left empty. */
function isDispensable({ prompt, system, images }: ModelInterface, imageCount: number): boolean {
  const canBeEmpty = (field: TextField | undefined) => !field?.required || !field.minLength;
  const needsImages = imageCount > 0 && images.some(({ required }) => required);
  return canBeEmpty(prompt) && canBeEmpty(system) && !needsImages;
}

/** Whether a history can tell who said what. Some models fail on an empty text in it. */
function isAlternating(turns: readonly Turn[]): boolean {
  const isInTurn = turns.every(({ role }, position) => (role === 'user') === (position % 2 === 0));
  return isInTurn && turns.length % 2 === 1 && !turns.some(isBlank);
}
