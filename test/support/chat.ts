// Chats through the public door, with what tests read of their answers.
import { expect } from 'vitest';
import type { Answer, Sent, TestGateway } from './gateway.js';

/** An address that the usual sandbox finds a picture at. */
export const PICTURE = 'https://example.com/image.jpg';

/** A part with an image. */
export const imagePart = (url: string = PICTURE) => ({ type: 'image_url', image_url: { url } });

/** A part with a text. */
export const textPart = (text: string) => ({ type: 'text', text });

/** The message of a user with such parts; texts are texts. */
export const asked = (...parts: readonly (string | object)[]) => ({
  role: 'user',
  content: parts.map((part) => (typeof part === 'string' ? textPart(part) : part)),
});

/** The usual chat: one question about one picture. */
export function aChat(): Record<string, unknown> {
  return { messages: [asked('Describe the image.', imagePart())] };
}

/** Asks the usual chat, changed by `body`. */
export function chat(gateway: TestGateway, body: object = {}, sent: Sent = {}): Promise<Answer> {
  return gateway.send('/v1/chat/completions', { method: 'POST', body: { ...aChat(), ...body }, ...sent });
}

/** The texts of an answer's choices, in order. */
export function contents(answer: Answer): (string | null)[] {
  expect(answer.status, answer.text).toBe(200);
  const { choices } = answer.json as { choices: { message: { content: string | null } }[] };
  return choices.map(({ message }) => message.content);
}

/** The error of an answer that is one in OpenAI's shape; fails where it tells how we are made. */
export function errorOf(answer: Answer): { message: string; type: string; param: unknown; code: unknown } {
  const body = JSON.parse(answer.text) as { error: Record<string, unknown> };
  expect(Object.keys(body)).toEqual(['error']);
  expect(Object.keys(body.error)).toEqual(['message', 'type', 'param', 'code']);
  expect(body.error.message).toMatch(/./);
  expect(body.error.message).not.toMatch(/ at .*\.[jt]s:\d|node_modules|SyntaxError|FST_|undefined|\[object/);
  expect(answer.headers['x-request-id']).toMatch(/^req_[0-9a-f]{32}$/);
  return body.error as never;
}

/** What a stream's frames hold, in order: the JSON of each, and `[DONE]`. Comments are left out. */
export function framesOf(text: string): unknown[] {
  const data = text.split('\n\n').filter((frame) => frame.startsWith('data: '));
  return data.map((frame) => (frame === 'data: [DONE]' ? '[DONE]' : (JSON.parse(frame.slice(6)) as unknown)));
}

/** A key of a tenant of its own, made by the root key with these fields. */
export async function keyWith(gateway: TestGateway, fields: object, adminKey: string): Promise<string> {
  const { json } = await gateway.send(`/admin/tenants/${gateway.tenantId}/keys`, {
    method: 'POST',
    body: { name: 'test', ...fields },
    key: adminKey,
  });
  return (json as { key: string }).key;
}
