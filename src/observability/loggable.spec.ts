import { describe, expect, it } from 'vitest';
import { loggable, loggableText } from './loggable.js';

const SECRET = 'r8_Hw8gYpNmLkQ2XvT9ZbCd3FsR7JtK5uWx1AaE';

describe('what is logged', () => {
  it('has no secret, at any depth, in any error and its causes (I1)', () => {
    const cause = new TypeError(`connect postgresql://cerebro:hunter2@db/x`);
    const error = Object.assign(new Error(`refused ${SECRET}`, { cause }), { code: 'ECONNREFUSED' });
    const written = JSON.stringify(loggable({ requestId: 'req_1', list: [{ error }, SECRET] }));
    expect(written).not.toContain(SECRET);
    expect(written).not.toContain('hunter2');
    expect(JSON.parse(written)).toMatchObject({
      requestId: 'req_1',
      list: [
        {
          error: {
            type: 'Error',
            message: 'refused [redacted]',
            code: 'ECONNREFUSED',
            stack: expect.stringContaining('loggable.spec') as string,
            cause: { type: 'TypeError', message: 'connect postgresql://[redacted]@db/x' },
          },
        },
        '[redacted]',
      ],
    });
  });

  it("has none of an error's own properties, which may hold what a caller has sent (I1)", () => {
    const error = Object.assign(new Error('refused'), { body: { prompt: 'canary' }, args: ['canary'] });
    expect(JSON.stringify(loggable({ error, cause: [error] }))).not.toContain('canary');
  });

  it('has no bytes of pictures (I1)', () => {
    expect(loggableText(`image data:image/png;base64,${'iVBORw0K'.repeat(9)} is bad`)).toBe(
      'image data:… is bad',
    );
    for (const data of [
      'data:image/png;name=x.png;base64,iVBORw0K',
      'data:image/svg+xml,%3Csvg',
      'DATA:,AAAA',
    ])
      expect(loggableText(`image ${data} is bad`)).toBe('image data:… is bad');
    expect(loggable({ picture: Buffer.alloc(64, 0x61) })).toEqual({ picture: '64 bytes' });
  });

  it('is of bounded size (I4)', () => {
    const long = 'x'.repeat(1_000_000);
    expect(loggableText(long)).toHaveLength(8193);
    const wide = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`n${i}`, i]));
    expect(Object.keys(loggable(wide) as object)).toHaveLength(100);
    const deep: Record<string, unknown> = {};
    deep.self = deep;
    expect(JSON.stringify(loggable(deep)).length).toBeLessThan(100);
    const looped = new Error('again');
    looped.cause = looped;
    expect(JSON.stringify(loggable(looped)).length).toBeLessThan(50_000);
  });

  it('keeps no half of a secret where a text is cut', () => {
    const text = `${'x'.repeat(16_384 - 12)} ${SECRET}`;
    expect(loggableText(text)).not.toContain('r8_');
  });

  it('keeps no half of an address with a password where a text is cut', () => {
    const secrets = `${SECRET} `.repeat(400);
    const text = `${secrets}${'x'.repeat(16_384 - 20 - secrets.length)} //user:hunter2222222222@db`;
    expect(text.indexOf('hunter2')).toBeLessThan(16_384);
    expect(loggableText(text)).not.toContain('hunter2');
  });

  it('has nothing that is called a secret, whatever it looks like (I1)', () => {
    const fields = {
      authorization: 'Basic aHVudGVyMg==',
      'x-api-key': ['hunter2'],
      password: { text: 'hunter2' },
      msg: "with password=hunter2, or DB_PASSWORD='hunter2 hunter2' and user=me",
    };
    expect(loggable({ ...fields, keyId: 'key_1', tokens: 7, token: undefined })).toEqual({
      authorization: '[redacted]',
      'x-api-key': '[redacted]',
      password: '[redacted]',
      msg: 'with password=[redacted], or DB_PASSWORD=[redacted] and user=me',
      keyId: 'key_1',
      tokens: 7,
      token: undefined,
    });
  });

  it('is of bounded size in all, however its values branch (I4)', () => {
    const list = (depth: number): unknown =>
      depth === 0 ? 'x'.repeat(200) : Array.from({ length: 40 }, () => list(depth - 1));
    expect(JSON.stringify(loggable(list(3))).length).toBeLessThan(100_000);
    let looked = 0;
    const watched = new Proxy({ a: 1 }, { ownKeys: () => ((looked += 1), ['a']) });
    loggable(Array.from({ length: 40 }, () => Array.from({ length: 40 }, () => watched)));
    expect(looked).toBeGreaterThan(100);
    expect(looked).toBeLessThanOrEqual(1000);
  });

  it('keeps everything else as it is', () => {
    const when = new Date(0);
    expect(loggable({ when, n: 1, yes: true, no: null, absent: undefined, big: 10n })).toEqual({
      when,
      n: 1,
      yes: true,
      no: null,
      absent: undefined,
      big: '10',
    });
  });
});
