// Questions about pictures through the public door, and what of them reached the sandbox.
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { AnsweringModel } from '../../src/sandbox/answering/answering-model.js';
import type { LoggedRequest } from '../../src/sandbox/request-log.js';
import type { Answer, TestGateway } from './gateway.js';

/** A model that tells which bytes it was shown, picture by picture. */
export const sees: AnsweringModel = ({ pictures }) =>
  pictures.map(({ bytes }) => fingerprint(bytes)).join(' ');

/** A name for bytes. */
export function fingerprint(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

/** Asks about images; the default model, where none is named. */
export function ask(
  gateway: TestGateway,
  images: string | readonly string[],
  { model, key = gateway.key }: { model?: string; key?: string } = {},
): Promise<Answer> {
  const body = { prompt: 'What is this?', image_urls: images, ...(model !== undefined && { model }) };
  return gateway.send('/v1/completions', { method: 'POST', body, key });
}

/** The text of an answer that is one. */
export function textOf(answer: Answer): string | undefined {
  expect(answer.status, answer.text).toBe(200);
  return (answer.json as { choices: { text: string }[] }).choices[0]?.text;
}

/** The creates that reached the sandbox. */
export function creates({ sandbox }: TestGateway): readonly LoggedRequest[] {
  return sandbox.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/predictions'));
}

/** The input of the newest create. */
export function lastInput(gateway: TestGateway): Record<string, unknown> {
  return (creates(gateway).at(-1)?.body as { input: Record<string, unknown> }).input;
}

/** Uploads a picture as a tenant, by default the gateway's own, and gives the file's id. */
export async function uploadFile(
  { url, key }: TestGateway,
  bytes: Uint8Array,
  tenantKey = key,
): Promise<string> {
  const form = new FormData();
  form.append('purpose', 'vision');
  form.append('file', new Blob([new Uint8Array(bytes)]), 'picture');
  const headers = { authorization: `Bearer ${tenantKey}` };
  const answer = await fetch(`${url}/v1/files`, { method: 'POST', headers, body: form });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { id: string }).id;
}

/** A 400 that says which image is wrong and why, in OpenAI's shape, with nothing sent to Replicate. */
export function expectRefusal(
  gateway: TestGateway,
  answer: Answer,
  error: { param: string; code: string; message: string | RegExp },
): void {
  expect(answer.status, answer.text).toBe(400);
  const { error: body } = answer.json as { error: Record<string, string> };
  expect(Object.keys(body)).toEqual(['message', 'type', 'param', 'code']);
  expect(body).toMatchObject({ type: 'invalid_request_error', param: error.param, code: error.code });
  if (typeof error.message === 'string') expect(body.message).toBe(error.message);
  else expect(body.message).toMatch(error.message);
  expect(creates(gateway)).toEqual([]);
  expect(gateway.sandbox.requests.filter(({ path }) => path === '/v1/files')).toEqual([]);
  expect(gateway.sandbox.bill.creates).toBe(0);
}
