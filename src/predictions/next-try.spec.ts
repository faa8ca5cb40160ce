import { describe, expect, it } from 'vitest';
import { nextTry } from './next-try.js';
import type { Settlement } from './prediction-rows.js';

const end: Settlement = {
  id: 'prd_1',
  upstreamId: 'gm3qorzdhgbfurvjtvhg6dckhu',
  sentAt: new Date(),
  outcome: {
    state: 'succeeded',
    startedAt: new Date(),
    completedAt: new Date(),
    runTimeUs: 2_000_000,
    tokens: { prompt: 812, completion: 9 },
    countedCompletion: 8,
  },
  bill: { billing: 'run_time', costNanos: 2000n },
  error: 'upstream_error',
  lease: 'a lease',
};
const nothing = { startedAt: undefined, completedAt: undefined, runTimeUs: undefined, tokens: undefined };
const minimal: Settlement = {
  id: end.id,
  upstreamId: undefined,
  sentAt: undefined,
  outcome: { state: 'succeeded', ...nothing },
  bill: end.bill,
  error: undefined,
  lease: 'a lease',
};

/** An error as pg throws it, and as Prisma throws it over the pg adapter. */
const pgError = (code: string, constraint?: string) => Object.assign(new Error('…'), { code, constraint });
const prismaError = (code: string, cause: object) =>
  Object.assign(new Error('…'), {
    code,
    meta: { driverAdapterError: Object.assign(new Error('…'), { name: 'DriverAdapterError', cause }) },
  });
const unique = (constraint: object) =>
  prismaError('P2010', { kind: 'UniqueConstraintViolation', originalCode: '23505', constraint });

describe('an end that could not be written', () => {
  it.each([
    ['the database is away', pgError('ECONNREFUSED')],
    ['the pool is used up', new Error('timeout exceeded when trying to connect')],
    ['the server stops', prismaError('P2010', { kind: 'postgres', originalCode: '57P01' })],
    ['the database is a standby', pgError('25006')],
    ['it met a deadlock', pgError('40P01')],
    ['it met another writer', prismaError('P2034', { kind: 'TransactionWriteConflict' })],
  ])('is tried again as it is where %s', (_, error) => {
    for (const settlement of [end, minimal])
      expect(nextTry(error, settlement)).toEqual({ kind: 'again', settlement });
  });

  it.each([
    ['pg', pgError('23505', 'predictions_upstream_id_key')],
    ['Prisma, by its index', unique({ index: 'predictions_upstream_id_key' })],
    ['Prisma, by its columns', unique({ fields: ['upstream_id'] })],
  ])("goes without the provider's id where that is another's, as told by %s", (_, error) => {
    const settlement = { ...end, upstreamId: undefined };
    expect(nextTry(error, end)).toEqual({ kind: 'without id', settlement });
    expect(nextTry(error, settlement)).toMatchObject({ kind: 'minimal' });
  });

  it.each([
    ['a number that is too large', pgError('22003')],
    ['a time that is none', prismaError('P2010', { kind: 'postgres', originalCode: '22008' })],
    ['another unique rule', pgError('23505', 'budget_alerts_pkey')],
    ['a unique rule without a name', pgError('23505')],
    ['a broken check', pgError('23514', 'accounts_amounts_check')],
    ['a mistake of ours', new TypeError('x is not a function')],
    ['nothing that is an error', undefined],
  ])('says the least after %s, and is given up where that fails too', (_, error) => {
    expect(nextTry(error, end)).toEqual({ kind: 'minimal', settlement: minimal });
    expect(nextTry(error, minimal)).toEqual({ kind: 'give up' });
  });

  it.each([
    [2n ** 63n, 'unknown', undefined],
    [20_000_000n * 1_000_000_000n + 1n, 'unknown', undefined],
    [-1n, 'unknown', undefined],
    [20_000_000n * 1_000_000_000n, 'run_time', 20_000_000n * 1_000_000_000n],
    [0n, 'run_time', 0n],
  ])('keeps a cost that can be believed: %s', (cost, billing, costNanos) => {
    const settlement: Settlement = { ...minimal, bill: { billing: 'run_time', costNanos: cost } };
    const next = nextTry(pgError('22003'), { ...settlement, sentAt: new Date() });
    expect(next).toMatchObject({ kind: 'minimal', settlement: { bill: { billing, costNanos } } });
    expect(nextTry(pgError('22003'), settlement).kind).toBe(billing === 'unknown' ? 'minimal' : 'give up');
  });

  it('keeps that it has no price, or that nobody knows its cost', () => {
    for (const billing of ['unpriced', 'unknown'] as const) {
      const bill = { billing, costNanos: undefined };
      expect(nextTry(pgError('22003'), { ...end, bill })).toMatchObject({ settlement: { bill } });
    }
  });
});
