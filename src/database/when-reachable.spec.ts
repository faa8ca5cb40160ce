import { describe, expect, it } from 'vitest';
import { MigrationError } from './migration-error.js';
import { whenReachable } from './when-reachable.js';

const withCode = (code: string) => Object.assign(new Error(`it says ${code}`), { code });
const migrationError = (code: string) => new MigrationError('cannot be used', { cause: withCode(code) });

/** Fails with each of the errors in turn, then gives `done`. */
async function attempt(errors: Error[], limitMs = 60_000) {
  const pauses: number[] = [];
  let attempts = 0;
  const result = await whenReachable(
    () => {
      const error = errors[attempts++];
      return error ? Promise.reject(error) : Promise.resolve('done');
    },
    {
      limitMs,
      onRetry: (error, pause) => {
        expect(error).toBe(errors[attempts - 1]);
        pauses.push(pause);
      },
      sleep: () => Promise.resolve(),
    },
  ).catch((error: unknown) => error);
  return { result, pauses };
}

describe('a start on a database that is not there yet', () => {
  it.each(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', '57P03', '53300', '25006'])(
    'waits longer and longer, up to a bound: %s (H16)',
    async (code) => {
      const errors = Array.from({ length: 6 }, () => migrationError(code));
      expect(await attempt(errors)).toEqual({ result: 'done', pauses: [500, 1000, 2000, 4000, 4000, 4000] });
    },
  );

  it('waits for an error of the driver itself too', async () => {
    expect((await attempt([new Error('Connection terminated unexpectedly')])).result).toBe('done');
  });

  it.each(['28P01', '28000', '3D000', '42501', '57014'])(
    'does not wait where waiting does not help: %s',
    async (code) => {
      const error = migrationError(code);
      expect(await attempt([error])).toEqual({ result: error, pauses: [] });
    },
  );

  it('does not repeat a migration that fails', async () => {
    const error = new MigrationError('2_broken could not be applied', { cause: withCode('42P01') });
    expect(await attempt([error])).toEqual({ result: error, pauses: [] });
    const failed = new MigrationError('1_half was begun earlier and did not finish');
    expect(await attempt([failed])).toEqual({ result: failed, pauses: [] });
  });

  it('gives up when its time is over, with the last error', async () => {
    const errors = [migrationError('ECONNREFUSED'), migrationError('ETIMEDOUT')];
    expect(await attempt(errors, 0)).toEqual({ result: errors[0], pauses: [] });
    expect(await attempt(errors, 900)).toEqual({ result: errors[1], pauses: [500] });
  });
});
