import { Logger } from '@nestjs/common';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '../errors/api-error.js';
import { logError } from './error-log.js';

const lines: [string, unknown][] = [];
beforeEach(() => {
  lines.length = 0;
  const note = (level: string) => (message: unknown) => void lines.push([level, message]);
  Logger.overrideLogger({ log: note('log'), warn: note('warn'), error: note('error') });
});
afterAll(() => Logger.overrideLogger(['fatal', 'error', 'warn', 'log']));

describe('the log of errors', () => {
  it('has an error that nobody expected as it is, for the logger to make it fit (I1)', () => {
    const cause = new TypeError('x is undefined');
    logError(new ApiError('internal_error', { cause }), 'req_1');
    expect(lines).toEqual([['error', { requestId: 'req_1', reason: 'internal_error', cause }]]);
  });

  it('has the words alone of one that was expected, and of what caused it', () => {
    const cause = Object.assign(new Error('refused', { cause: new Error('closed') }), { prompt: 'canary' });
    logError(new ApiError('database_unavailable', { cause }), 'req_1');
    expect(lines).toEqual([
      ['warn', { requestId: 'req_1', reason: 'database_unavailable', cause: 'refused: closed' }],
    ]);
  });

  it("has nothing of what is the caller's doing", () => {
    logError(new ApiError('unknown_url'), 'req_1');
    expect(lines).toEqual([]);
  });
});
