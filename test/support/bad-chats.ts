// For specs of chats that are none: nothing of them may reach Replicate, or cost anything.
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { chat, errorOf } from './chat.js';
import { type Answer, startTestGateway, type TestGateway } from './gateway.js';
import { ledger, startAnew } from './ledger.js';

/** One bad request: its title, the body's changes, and the error's param, code and message. */
export type Case = readonly [string, object, string | null, string, string | RegExp];

/** What the specs of one file ask. */
export interface BadChats {
  readonly gateway: TestGateway;
  /** Sends a body as it is. */
  post(body: unknown, headers?: Record<string, string>): Promise<Answer>;
  expectRefused(refusal: Case, status?: number): Promise<void>;
}

/** Starts a gateway for a file's specs, each of which has to leave the ledger empty. */
export function badChats(): BadChats {
  let running: TestGateway | undefined;
  const gateway = (): TestGateway => {
    if (!running) throw new Error('no gateway runs yet');
    return running;
  };
  beforeAll(async () => {
    running = await startTestGateway({ settings: { models: ['*'] } });
  });
  afterAll(() => running?.close());
  afterEach(async () => {
    const { creates } = gateway().sandbox.bill;
    const lines = await ledger(gateway());
    await startAnew(gateway());
    expect([creates, lines]).toEqual([0, []]);
  });
  return {
    get gateway() {
      return gateway();
    },
    post: (body, headers = {}) => gateway().send('/v1/chat/completions', { method: 'POST', body, headers }),
    expectRefused: async ([, body, param, code, message], status = 400) => {
      const answer = await chat(gateway(), body);
      expect(answer.status, answer.text).toBe(status);
      const error = errorOf(answer);
      expect(error).toMatchObject({ type: 'invalid_request_error', param, code });
      if (typeof message === 'string') expect(error.message).toBe(message);
      else expect(error.message).toMatch(message);
      expect(answer.headers['x-should-retry']).not.toBe('true');
    },
  };
}

/** Bodies' parts, good and bad. */
export const messages = (...list: unknown[]) => ({ messages: list });
export const user = (content: unknown, more: object = {}) => ({ role: 'user', content, ...more });
export const content = (...parts: unknown[]) => messages(user(parts));
export const format = (response_format: unknown) => ({ response_format });
export const schemaFormat = (json_schema: unknown) => format({ type: 'json_schema', json_schema });

export const ROLES = "Supported values are: 'system', 'assistant', 'user', and 'developer'.";
export const PARTS = "Supported values are: 'text' and 'image_url'.";
