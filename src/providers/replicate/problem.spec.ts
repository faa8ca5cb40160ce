import { describe, expect, it, vi } from 'vitest';
import { refusal } from './problem.js';

const reply = (status: number, body: string, headers: Record<string, string> = {}) =>
  refusal({ status, body, headers });

describe('an answer that is not 2xx', () => {
  it.each([
    ['a header in seconds', '{"detail":"x"}', { 'retry-after': '7' }, 7000],
    ['a number in the body', '{"detail":"x","retry_after":10}', {}, 10_000],
    ['words with a tilde', '{"detail":"Your rate limit resets in ~30s."}', {}, 30_000],
    ['older words', '{"detail":"Request was throttled. Expected available in 1 second."}', {}, 1000],
    [
      'the start of the next window',
      '{"detail":"x"}',
      { 'ratelimit-remaining': '0', 'ratelimit-reset': '4' },
      4000,
    ],
    [
      'a window with something left',
      '{"detail":"x"}',
      { 'ratelimit-remaining': '3', 'ratelimit-reset': '4' },
      undefined,
    ],
    ['no word of a time', '{"detail":"Request was throttled."}', {}, undefined],
  ])('tells the wait by %s (A4, A5)', (_, body, headers, wait) => {
    expect(reply(429, body, headers as Record<string, string>).retryAfterMs).toBe(wait);
  });

  it('tells the wait by a date in the header', () => {
    const wait =
      reply(429, '{}', { 'retry-after': new Date(Date.now() + 60_000).toUTCString() }).retryAfterMs ?? 0;
    expect(wait).toBeGreaterThan(55_000);
    expect(wait).toBeLessThanOrEqual(60_000);
  });

  it("is Replicate's own only when it is a problem in JSON", () => {
    expect(reply(503, '{"detail":"Service unavailable","status":503}').provablyNotAccepted).toBe(true);
    expect(reply(503, '<html>503</html>').provablyNotAccepted).toBe(false);
    expect(reply(502, '{"detail":"Bad gateway"}').provablyNotAccepted).toBe(false);
    expect(reply(500, '{"detail":"Internal server error"}').provablyNotAccepted).toBe(false);
    expect(reply(429, '<html>429</html>').provablyNotAccepted).toBe(true);
  });

  it('names the input fields that were refused, also the missing ones', () => {
    const body = JSON.stringify({
      detail: '- input: prompt is required\n',
      status: 422,
      title: 'Input validation failed',
      invalid_fields: [
        { type: 'required', field: 'input', description: 'prompt is required' },
        {
          type: 'number_gte',
          field: 'input.max_new_tokens',
          description: 'Must be greater than or equal to 64',
        },
      ],
    });
    expect(reply(422, body).problem?.invalidFields).toEqual(['input.prompt', 'input.max_new_tokens']);
  });

  it('is compared with what was sent only where it has words', () => {
    const sent = vi.fn(() => ['what is on my bank statement']);
    const refused = (body: string) => refusal({ status: 500, body, headers: {} }, sent).message;
    expect([refused(''), refused('<p>no</p>')]).toEqual(Array(2).fill('Replicate refused with 500'));
    expect(sent).not.toHaveBeenCalled();
    expect(refused('{"detail":"no: what is on my bank statement"}')).toBe(
      'Replicate refused with 500 (no: …)',
    );
  });

  it.each(['', 'null', '[]', '42', '{"detail":5}', '{"detail":"x","invalid_fields":[null,5,{}]}', '{broken'])(
    'may be any nonsense: %s',
    (body) => {
      expect(reply(500, body).kind).toBe('refused');
    },
  );
});
