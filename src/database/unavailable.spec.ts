import { describe, expect, it } from 'vitest';
import { isDatabaseUnavailable } from './unavailable.js';

/** An error as Prisma throws it over the pg adapter. */
function prismaError(code: string, cause: object): Error {
  const driverAdapterError = Object.assign(new Error('…'), { name: 'DriverAdapterError', cause });
  return Object.assign(new Error('…'), { code, meta: { driverAdapterError } });
}

const postgres = (code: string) => ({ kind: 'postgres', code, originalCode: code, severity: 'FATAL' });

describe('isDatabaseUnavailable', () => {
  it.each([
    ['a refused connection', prismaError('P1001', { kind: 'DatabaseNotReachable' })],
    ['a refused connection of a raw query', prismaError('P2010', { kind: 'DatabaseNotReachable' })],
    ['a closed connection', prismaError('P1017', { kind: 'ConnectionClosed' })],
    ['a socket timeout', prismaError('P1008', { kind: 'SocketTimeout' })],
    ['too many connections', prismaError('P2037', { kind: 'TooManyConnections', originalCode: '53300' })],
    ['a server that stops', prismaError('P2039', postgres('57P01'))],
    ['a server that starts', prismaError('P2010', postgres('57P03'))],
    ['a statement that takes too long', prismaError('P2039', postgres('57014'))],
    ['a full disk', prismaError('P2039', postgres('53100'))],
    [
      'a password that is being changed',
      prismaError('P1000', { kind: 'AuthenticationFailed', originalCode: '28P01' }),
    ],
    ['the same, by pg itself', Object.assign(new Error('…'), { code: '28P01', severity: 'FATAL' })],
    ['a standby', prismaError('P2010', postgres('25006'))],
    ['a standby, of a model', prismaError('P2039', postgres('25006'))],
    ['a standby, by pg itself', Object.assign(new Error('…'), { code: '25006', severity: 'ERROR' })],
    [
      'a standby that is asked for an unlogged table',
      Object.assign(new Error('cannot access temporary or unlogged relations during recovery'), {
        code: '0A000',
      }),
    ],
    ['an error of pg itself', Object.assign(new Error('…'), { code: '57P03', severity: 'FATAL' })],
    ['a refused socket', Object.assign(new Error('…'), { code: 'ECONNREFUSED', syscall: 'connect' })],
    ['a reset socket', Object.assign(new Error('…'), { code: 'ECONNRESET', syscall: 'read' })],
    ['a used-up pool', new Error('timeout exceeded when trying to connect')],
    ['a silent server', new Error('Query read timeout')],
    ['a lost connection', new Error('Connection terminated unexpectedly')],
  ])('recognises %s', (_, error) => {
    expect(isDatabaseUnavailable(error)).toBe(true);
  });

  it.each([
    [
      'a broken unique rule',
      prismaError('P2002', { kind: 'UniqueConstraintViolation', originalCode: '23505' }),
    ],
    ['a missing row', Object.assign(new Error('…'), { code: 'P2025', meta: {} })],
    ['a wrong statement', prismaError('P2010', postgres('42601'))],
    ['something that PostgreSQL cannot do', prismaError('P2010', postgres('0A000'))],
    [
      'a transaction that outlived its time',
      Object.assign(new Error('A query cannot be executed on an expired transaction.'), { code: 'P2028' }),
    ],
    ['a failed fetch', new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } })],
    ['an ordinary error', new Error('x is not a function')],
    ['a string', 'ECONNREFUSED'],
    ['nothing', undefined],
    ['null', null],
  ])('does not mistake %s for it', (_, error) => {
    expect(isDatabaseUnavailable(error)).toBe(false);
  });
});
