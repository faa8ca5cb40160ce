import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REDACTED } from '../observability/redacted-text.js';
import { redacted } from './redaction.js';

const KEY = 'cbr_live_3kTqZ0mXw8VbN5sYhJ2dLcR7fGpA9uEi4oQ6tKxM1vWzB0n';
const SECRETS = [
  KEY,
  KEY.replace('live', 'test'),
  'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
  'r8_Hw8gYpNmLkQ2XvT9ZbCd3FsR7JtK5uWx1AaE',
  'sk-proj-abcdefghijklmnopqrstuvwx',
];

describe('what is written down', () => {
  it('has no secret under any name that says so (P10)', () => {
    const names = [
      ...[
        'key',
        'apiKey',
        'API-KEY',
        'hash',
        'key_hash',
        'token',
        'upstreamToken',
        'upstream_token',
        'secret',
      ],
      ...[
        'alertSecret',
        'pepper',
        'CEREBRO_KEY_PEPPER',
        'password',
        'authorization',
        'credentials',
        'cookie',
      ],
    ];
    for (const name of names) {
      expect(redacted({ [name]: 'canary' })).toEqual({ [name]: REDACTED });
      expect(redacted({ deep: [{ [name]: ['canary', { anything: 'canary' }] }] })).toEqual({
        deep: [{ [name]: [REDACTED, REDACTED] }],
      });
      expect(redacted({ [name]: { value: 'canary' } })).toEqual({ [name]: REDACTED });
      expect(redacted({ [name]: new TextEncoder().encode('canary') })).toEqual({ [name]: REDACTED });
    }
  });

  it.each(SECRETS)('has no text that looks like one, wherever it stands: %s (P10)', (secret) => {
    expect(JSON.stringify(redacted({ name: secret, [secret]: 1, list: [`x=${secret}`] }))).not.toContain(
      secret,
    );
  });

  it('has no secret wherever chance puts it', () => {
    const place = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(...SECRETS),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.string(), tie('value'), { maxKeys: 3 }),
      ),
    })).value;
    fc.assert(
      fc.property(place, (value) => {
        const text = JSON.stringify({ after: redacted({ value }) });
        for (const secret of SECRETS) expect(text).not.toContain(secret.slice(4));
      }),
    );
  });

  it('keeps what is none: limits, ids, times, what a key is recognised by', () => {
    const kept = {
      tokens_per_minute: 1000,
      has_upstream_token: false,
      alert_secret: null,
      key_id: 'key_0199f2a4c1d27e6f8a3b5c7d9e1f2a4b',
      display: 'cbr_live_…9fQ2',
      scopes: ['keys:manage'],
      name: 'ünïcode — bar8_x',
      limits: { monthly_budget_usd: 12.5 },
    };
    expect(redacted(kept)).toEqual(kept);
    expect(redacted({ token_set_at: new Date(0), budget: 5n, total: 2n ** 63n })).toEqual({
      token_set_at: '1970-01-01T00:00:00.000Z',
      budget: 5,
      total: '9223372036854775808',
    });
  });

  it('is JSON that PostgreSQL takes, whatever it was', () => {
    expect(redacted('a\0b\ud800c')).toBe('a\uFFFDb\uFFFDc');
    const circle: Record<string, unknown> = { nan: NaN, no: undefined, call: () => 1, list: [undefined] };
    circle.self = circle;
    expect(JSON.stringify(redacted(circle))).toContain(`"self":"${REDACTED}"`);
    const odd = JSON.parse('{"__proto__":{"name":"x"}}') as object;
    expect(JSON.stringify(redacted(odd))).toBe('{"__proto__":{"name":"x"}}');
  });
});
