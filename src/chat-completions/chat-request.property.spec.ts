import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusalOf, validated } from '../http/validated.fixture.js';
import { toDoorRequest } from './chat-completions.mapper.js';
import { ChatCompletionRequest } from './chat-request.contract.js';

const read = (body: unknown) => toDoorRequest(validated(ChatCompletionRequest, body));

/** A request with every field that takes a text, at every depth. */
const FULL = {
  model: 'm',
  stop: ['x'],
  user: 'u',
  safety_identifier: 's',
  prompt_cache_key: 'k',
  prompt_cache_retention: '24h',
  metadata: { a: 'b' },
  response_format: {
    type: 'json_schema',
    json_schema: { name: 'n', description: 'd', schema: { type: 'object' } },
  },
  messages: [
    { role: 'system', content: 'a', name: 'b' },
    { role: 'developer', content: [{ type: 'text', text: 'c' }] },
    { role: 'assistant', content: [{ type: 'refusal', refusal: 'd' }], refusal: 'e' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'f' },
        { type: 'image_url', image_url: { url: 'https://a.example/1.jpg', detail: 'low' } },
      ],
    },
  ],
};

/** The ways to all texts of a value. */
function textsIn(value: unknown, way: string[] = []): string[][] {
  if (typeof value === 'string') return [way];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) => textsIn(part, [...way, name]));
}

function replaced(value: unknown, [name, ...rest]: string[], by: unknown): unknown {
  if (name === undefined) return by;
  const copy = structuredClone(value) as Record<string, unknown>;
  copy[name] = replaced(copy[name], rest, by);
  return copy;
}

const WAYS = textsIn(FULL).filter((way) => !way.includes('schema'));

describe('whatever a chat request is', () => {
  it('reads the request that the others are made of', () => {
    expect(read(FULL)).toMatchObject({ system: 'a\n\nc', images: [{}] });
    expect(WAYS.length).toBeGreaterThan(20);
  });

  it.each(WAYS.map((way) => [way.join('.'), way] as const))('refuses an object as %s (C11)', (_, way) => {
    for (const odd of [{ not: '' }, { toString: 'x' }, 5, true, [{ not: '' }], [[]]]) {
      const error = refusalOf(() => read(replaced(FULL, way, odd)));
      expect(error, JSON.stringify(odd)).toMatchObject({ status: 400 });
      expect(error?.param).toMatch(new RegExp(`^${way[0]}`));
    }
  });

  it('throws nothing but what can be answered, for any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        expect(refusalOf(() => read(body))?.status ?? 400).toBe(400);
      }),
      { numRuns: 1000 },
    );
  });

  it('throws nothing but what can be answered, for any JSON in any place', () => {
    let taken = 0;
    const runs = 4000;
    fc.assert(
      fc.property(fc.constantFrom(...places(FULL)), fc.jsonValue(), (way, odd) => {
        const error = refusalOf(() => read(replaced(FULL, way, odd)));
        if (error) expect(error.message).not.toMatch(/undefined|\[object/);
        else taken++;
        expect(error?.status ?? 400).toBe(400);
      }),
      { numRuns: runs },
    );
    expect(taken).toBeGreaterThan(10);
    expect(taken).toBeLessThan(runs / 2);
  });
});

/** The ways to all values. */
function places(value: unknown, way: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [way];
  return [way, ...Object.entries(value).flatMap(([name, part]) => places(part, [...way, name]))];
}
