import { describe, expect, it, vi } from 'vitest';
import { authorized, fixedToken, withToken } from './access-token.js';

const reply = (status: number, body = '{}') => ({ status, headers: {}, body });
const refusal = reply(401, '{"title": "Unauthenticated", "detail": "You did not pass a valid token"}');

/** A token that is another one as soon as it was refused. */
function changing(...tokens: string[]) {
  const refused = vi.fn(() => Promise.resolve(void tokens.shift()));
  return { current: () => tokens[0], refused };
}

/** Replicate, which takes one token alone. */
const taking = (good: string) =>
  vi.fn((token: string | undefined) => Promise.resolve(token === good ? reply(201) : refusal));

describe('a request under a token', () => {
  it('that is refused is sent once more under the one that has replaced it', async () => {
    const send = taking('new');
    expect(await withToken(changing('old', 'new'), send)).toEqual({ ...reply(201), token: 'new' });
    expect(send.mock.calls).toEqual([['old'], ['new']]);
  });

  it('is sent no third time', async () => {
    const send = taking('newest');
    expect(await withToken(changing('old', 'new', 'newest'), send)).toMatchObject({
      status: 401,
      token: 'new',
    });
    expect(send).toHaveBeenCalledTimes(2);
  });

  it('that is refused while there is no other is answered with that', async () => {
    const send = taking('other');
    expect(await withToken(fixedToken('old'), send)).toEqual({ ...refusal, token: 'old' });
    expect(send).toHaveBeenCalledTimes(1);
  });

  it('that is refused does not wait for long where another may be', async () => {
    vi.useFakeTimers();
    const send = taking('other');
    const answer = withToken({ current: () => 'old', refused: () => new Promise(() => undefined) }, send);
    await vi.advanceTimersByTimeAsync(3000);
    expect(await answer).toEqual({ ...refusal, token: 'old' });
    vi.useRealTimers();
  });

  it.each([
    ['an accepted one', reply(201)],
    ['one that is refused for anything else', reply(403, refusal.body)],
    ['one that a proxy refuses, which may have been passed on', reply(401, '<h1>Unauthorized</h1>')],
  ])('is not repeated: %s', async (_, answer) => {
    const token = changing('old', 'new');
    const send = vi.fn(() => Promise.resolve(answer));
    expect(await withToken(token, send)).toEqual({ ...answer, token: 'old' });
    expect(token.refused).not.toHaveBeenCalled();
    expect(send).toHaveBeenCalledTimes(1);
  });

  it('carries that one alone, in whatever case its header is', () => {
    const headers = { Authorization: 'Bearer unused', AUTHORIZATION: 'x', 'content-type': 'a/b' };
    expect(authorized(headers, 'new')).toEqual({ 'content-type': 'a/b', authorization: 'Bearer new' });
    expect(authorized(headers, undefined)).toEqual({ 'content-type': 'a/b' });
  });
});
