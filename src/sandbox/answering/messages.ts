// Reads the `messages` of the models that take OpenAI's: who said what, and the pictures. Refuses what OpenAI
// refuses, in its words, since these models pass them on.
import { isJsonObject, type JsonObject } from '../json.js';

/** What one message says; a developer's is a system's. */
export interface MessageText {
  readonly role: 'system' | 'user' | 'assistant';
  readonly text: string;
}

const roles: Readonly<Record<string, MessageText['role']>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  assistant: 'assistant',
};

/**
 * The texts of messages, one for each; nothing when there are none. Throws what the model would fail with when
 * one is malformed.
 */
export function messageTexts(messages: unknown): MessageText[] | undefined {
  if (!Array.isArray(messages) || messages.length === 0) return undefined;
  return messages.map((message: unknown, index) => {
    const place = `messages[${index}]`;
    const { role: name, content } = isJsonObject(message) ? message : {};
    const role = typeof name === 'string' && Object.hasOwn(roles, name) ? roles[name] : undefined;
    if (!role) throw refusal(`Invalid value: '${String(name)}' for '${place}.role'.`);
    if (typeof content !== 'string' && !Array.isArray(content)) {
      throw refusal(`Invalid value for '${place}.content': expected a string or an array of parts.`);
    }
    const texts = partsOf(content).map((part, at) => partText(part, role, `${place}.content[${at}]`));
    return { role, text: texts.filter((text) => text !== undefined).join('\n') };
  });
}

/** The addresses of the pictures in messages, in order. */
export function messageImages(messages: unknown): unknown[] {
  if (!Array.isArray(messages)) return [];
  return messages
    .filter(isJsonObject)
    .flatMap(({ content }) => partsOf(content))
    .filter(isJsonObject)
    .flatMap(({ image_url: image }) => (isJsonObject(image) ? [image.url] : []));
}

function partsOf(content: unknown): unknown[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return Array.isArray(content) ? content : [];
}

function partText(part: unknown, role: MessageText['role'], place: string): string | undefined {
  const { type, text, image_url: image }: JsonObject = isJsonObject(part) ? part : {};
  if (type === 'text' && typeof text === 'string') return text;
  if (type !== 'image_url') throw refusal(`Invalid value: '${String(type)}' for '${place}.type'.`);
  if (!isJsonObject(image) || typeof image.url !== 'string') {
    throw refusal(`Invalid type for '${place}.image_url': expected an object with a 'url'.`);
  }
  if (role !== 'user') {
    throw refusal(`Invalid '${place}'. Image URLs are only allowed for messages with role 'user'.`);
  }
  return undefined;
}

function refusal(message: string): Error {
  return new Error(
    `Error code: 400 - ${JSON.stringify({ error: { message, type: 'invalid_request_error' } })}`,
  );
}
