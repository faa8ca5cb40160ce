// What callers call the parts of a request, so that an error names what they have written.
import type { Prompt } from './conversation.js';

/** The names of one door. */
export interface ParamNames {
  readonly prompt: string;
  readonly system: string;
  /** Where the images are: a list of their own, or the messages of a conversation. */
  readonly images: 'image_urls' | 'messages';
  readonly maxTokens: string;
}

/** Names of completions. */
export const PROMPT_NAMES: ParamNames = {
  prompt: 'prompt',
  system: 'system_prompt',
  images: 'image_urls',
  maxTokens: 'max_tokens',
};

/** Names of chat completions. */
export const CHAT_NAMES: ParamNames = {
  prompt: 'messages',
  system: 'messages',
  images: 'messages',
  maxTokens: 'max_completion_tokens',
};

/** The names of a request's door; where it does not say, a conversation has messages. */
export function namesOf({ names, prompt }: { names?: ParamNames; prompt: Prompt }): ParamNames {
  return names ?? (typeof prompt === 'string' ? PROMPT_NAMES : CHAT_NAMES);
}
