import { describe, expect, it } from 'vitest';
import { fatalMessage, startFailure } from './server-log.js';

describe('startFailure', () => {
  it('tells a lost race for a port', () => {
    const log =
      'LOG:  could not bind IPv4 address "127.0.0.1": Address already in use\nFATAL:  could not create any TCP/IP sockets';
    expect(startFailure(log)).toEqual({ kind: 'port-taken' });
  });

  it('tells that another server was faster', () => {
    expect(startFailure('FATAL:  lock file "postmaster.pid" already exists')).toEqual({
      kind: 'already-running',
    });
  });

  it('tells that children of a killed server still run', () => {
    const log = 'FATAL:  pre-existing shared memory block (key 2, ID 3) is still in use';
    expect(startFailure(log)).toEqual({ kind: 'still-ending' });
  });

  it('gives the decisive lines of any other failure, without their times', () => {
    const log = [
      '2026-01-31 12:00:00.001 UTC [42] LOG:  starting PostgreSQL 18.4',
      '2026-01-31 12:00:00.002 UTC [42] FATAL:  database files are incompatible with server',
      '2026-01-31 12:00:00.002 UTC [42] DETAIL:  The data directory was initialized by PostgreSQL version 17.',
    ].join('\n');
    expect(startFailure(log)).toEqual({
      kind: 'fatal',
      message:
        'FATAL:  database files are incompatible with server; DETAIL:  The data directory was initialized by PostgreSQL version 17',
    });
  });
});

describe('fatalMessage', () => {
  it('leaves out statements, which may hold a password', () => {
    const log = "FATAL:  role exists\nSTATEMENT:  CREATE ROLE x PASSWORD 'cannot tell';";
    expect(fatalMessage(log)).toBe('FATAL:  role exists');
  });

  it('says so when the program said nothing', () => {
    expect(fatalMessage('\n')).toBe('it said nothing');
  });
});
