// Makes turns of messages: who said what, with the images in their places. Holds the rules that a conversation
// as a whole has to keep; what each message may be is in its contract.
import { ApiError } from '../errors/api-error.js';
import { MAX_IMAGES } from '../images/image-limits.js';
import { type ImageSource, parseImageSource } from '../images/image-source.js';
import type { Part, Prompt, Turn } from '../inference/conversation.js';
import type { AssistantMessage, ChatMessage, UserMessage } from './chat-messages.contract.js';

/** Most characters of all messages together: a prompt's and a system prompt's. Each costs time to count. */
const MAX_TEXTS = 1_000_000;

/** A conversation as the gateway takes it. */
export interface Conversation {
  readonly prompt: Prompt;
  /** All that systems and developers said. */
  readonly system: string;
  readonly images: readonly ImageSource[];
}

interface OpenTurn {
  readonly role: Turn['role'];
  readonly parts: Part[];
}

/**
 * Reads the messages of a request that keeps its contract.
 *
 * @throws {ApiError} naming the message that cannot be one, or the images that cannot be any
 */
export function readConversation(messages: readonly ChatMessage[]): Conversation {
  checkSizes(messages);
  checkEnd(messages);
  const images: ImageSource[] = [];
  const systems: string[] = [];
  const turns: OpenTurn[] = [];
  for (const [index, message] of messages.entries()) {
    const param = `messages[${index}].content`;
    if (message.role === 'user') add(turns, 'user', userParts(message, param, images));
    else if (message.role === 'assistant') add(turns, 'assistant', assistantParts(message, param));
    else for (const text of textsIn(message)) if (text !== '') systems.push(text);
  }
  return { prompt: onlyQuestion(turns) ?? turns, system: systems.join('\n\n'), images };
}

/** Images before a single text are how every model takes a question: it needs no template. */
function onlyQuestion(turns: readonly Turn[]): string | undefined {
  const [turn, ...others] = turns;
  const last = turn?.parts.at(-1);
  if (!turn || others.length > 0 || turn.role !== 'user' || !last || !('text' in last)) return undefined;
  return turn.parts.filter((part) => 'text' in part).length === 1 ? last.text : undefined;
}

/** Goes on with the last turn where the same side speaks; a side that says nothing has no turn. */
function add(turns: OpenTurn[], role: Turn['role'], parts: readonly Part[]): void {
  if (parts.length === 0) return;
  const last = turns.at(-1);
  // One by one: as arguments of one call, 100,000 parts would overflow the stack.
  if (last?.role === role) for (const part of parts) last.parts.push(part);
  else turns.push({ role, parts: [...parts] });
}

function userParts({ content }: UserMessage, param: string, images: ImageSource[]): Part[] {
  const parts: Part[] = [];
  if (typeof content === 'string') parts.push(...nonEmpty(content));
  else {
    for (const [index, part] of content.entries()) {
      if (part.type === 'text') parts.push(...nonEmpty(part.text));
      else {
        parts.push({ image: images.length });
        images.push(parseImageSource(part.image_url.url, `${param}[${index}].image_url.url`));
      }
    }
  }
  if (parts.length > 0) return parts;
  throw new ApiError('empty_string', {
    param,
    message: `Invalid '${param}': empty string. Expected a text or an image from a user.`,
  });
}

function assistantParts(message: AssistantMessage, param: string): Part[] {
  const { content, refusal } = message;
  if (content == null && refusal == null) {
    throw content === undefined
      ? new ApiError('missing_required_parameter', {
          param,
          message: `Missing required parameter: '${param}'.`,
        })
      : new ApiError('invalid_type', {
          param,
          message: `Invalid type for '${param}': expected a string or an array of parts, but got null instead.`,
        });
  }
  return textsIn(message).flatMap(nonEmpty);
}

function nonEmpty(text: string): Part[] {
  return text === '' ? [] : [{ text }];
}

/** The texts of a message; a refusal is what an assistant said. */
function textsIn(message: ChatMessage): string[] {
  const { content } = message;
  if (typeof content === 'string' && content !== '') return [content];
  if (Array.isArray(content)) {
    return content.flatMap((part) =>
      part.type === 'text' ? [part.text] : part.type === 'refusal' ? [part.refusal] : [],
    );
  }
  return message.role === 'assistant' && message.refusal != null ? [message.refusal] : [];
}

/** Counted before the first image is looked at. */
function checkSizes(messages: readonly ChatMessage[]): void {
  let images = 0;
  let characters = 0;
  for (const message of messages) {
    for (const text of textsIn(message)) characters += text.length;
    if (message.role !== 'user' || typeof message.content === 'string') continue;
    for (const { type } of message.content) if (type === 'image_url') images++;
  }
  if (images > MAX_IMAGES) {
    throw new ApiError('array_above_max_length', {
      param: 'messages',
      message: `Invalid 'messages': at most ${MAX_IMAGES} images are taken, but got ${images}.`,
    });
  }
  if (characters > MAX_TEXTS) {
    throw new ApiError('string_above_max_length', {
      param: 'messages',
      message: `Invalid 'messages': strings too long. Expected at most ${MAX_TEXTS} characters in all texts together.`,
    });
  }
}

function checkEnd(messages: readonly ChatMessage[]): void {
  const last = messages.findLast(({ role }) => role === 'user' || role === 'assistant');
  if (last?.role === 'user') return;
  const problem = last
    ? "the last message must be a user's, as models here cannot go on with an assistant's"
    : "expected a user's message";
  throw new ApiError('invalid_value', { param: 'messages', message: `Invalid 'messages': ${problem}.` });
}
