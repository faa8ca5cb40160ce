import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveSecrets } from './live-secrets.service.js';
import { secretNames } from './setting-catalogue.js';
import { parseSettings, type ReloadedSettings } from './settings.js';

const KEY = (byte: number) => `1:${Buffer.alloc(32, byte).toString('base64')}`;

const first = {
  REPLICATE_API_TOKEN: 'first-token',
  DATABASE_URL: 'postgresql://a:first-password@db/cerebro?sslmode=require',
  CEREBRO_ADMIN_KEY: 'first-admin',
  CEREBRO_METRICS_TOKEN: 'first-metrics',
  CEREBRO_KEY_PEPPER: 'first-pepper',
  CEREBRO_ENCRYPTION_KEYS: KEY(1),
};

let live: LiveSecrets | undefined;
let logged: string[];
let warned: string[];

/** A gateway whose secrets are elsewhere, and what can be done to them there. */
function start({ refresh = '5m', names = secretNames() } = {}) {
  let there: Record<string, string> = { ...first, CEREBRO_SECRETS_REFRESH: refresh };
  let problems: readonly string[] = [];
  const reload = vi.fn<() => Promise<ReloadedSettings>>(() =>
    Promise.resolve({ settings: parseSettings(there), problems }),
  );
  const secrets = new LiveSecrets({ ...parseSettings(there), externalSecrets: { names, reload } });
  live = secrets;
  secrets.onApplicationBootstrap();
  const change = (changes: Record<string, string>) => void (there = { ...there, ...changes });
  const fail = (...words: string[]) => void (problems = words);
  return { secrets, reload, change, fail };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  logged = [];
  warned = [];
  vi.spyOn(Logger.prototype, 'log').mockImplementation(
    (message: unknown) => void logged.push(String(message)),
  );
  vi.spyOn(Logger.prototype, 'warn').mockImplementation(
    (message: unknown) => void warned.push(String(message)),
  );
});
afterEach(() => {
  live?.onModuleDestroy();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('secrets that are elsewhere', () => {
  it('are read again at each interval, and used from then on', async () => {
    const { secrets, reload, change } = start();
    change({
      REPLICATE_API_TOKEN: 'second-token',
      DATABASE_URL: 'postgresql://b:second-password@db/cerebro?sslmode=require',
      CEREBRO_ADMIN_KEY: 'second-admin',
      CEREBRO_METRICS_TOKEN: 'second-metrics',
    });
    expect(secrets.get('replicateToken')).toBe('first-token');
    await vi.advanceTimersByTimeAsync(300_000);
    expect(secrets.get('replicateToken')).toBe('second-token');
    expect(secrets.get('databaseUrl')).toContain('//b:second-password@db');
    expect(secrets.get('adminKey')).toBe('second-admin');
    expect(secrets.get('metricsToken')).toBe('second-metrics');
    await vi.advanceTimersByTimeAsync(300_000);
    expect(reload).toHaveBeenCalledTimes(2);
    expect(logged).toHaveLength(4);
    expect(logged.join()).toContain('REPLICATE_API_TOKEN was changed; it is used from now on');
    expect(logged.join()).not.toMatch(/first-|second-/);
  });

  it('are not used while the database refuses them, and are once it does not', async () => {
    const { secrets, change } = start();
    let isRefused = true;
    secrets.tryLoginsBy((url) => Promise.resolve(isRefused && url.includes('second-password')));
    const other = 'postgresql://a:second-password@db/cerebro?sslmode=require';
    change({ DATABASE_URL: other, CEREBRO_ADMIN_KEY: 'second-admin' });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(secrets.get('databaseUrl')).toBe(first.DATABASE_URL);
    expect(secrets.get('adminKey')).toBe('second-admin');
    expect(warned).toEqual([expect.stringMatching(/stays as it was: DATABASE_URL .*refuses/)]);
    isRefused = false;
    await vi.advanceTimersByTimeAsync(300_000);
    expect(secrets.get('databaseUrl')).toBe(other);
  });

  it('of another kind wait for a restart, and are warned of once', async () => {
    const { change } = start();
    change({ CEREBRO_KEY_PEPPER: 'second-pepper', CEREBRO_ENCRYPTION_KEYS: KEY(2) });
    await vi.advanceTimersByTimeAsync(900_000);
    expect(warned.toSorted()).toEqual([
      'CEREBRO_ENCRYPTION_KEYS was changed; restart to use it',
      'CEREBRO_KEY_PEPPER was changed; restart to use it',
    ]);
  });

  it.each([
    ['another host', 'postgresql://a:first-password@elsewhere/cerebro?sslmode=require'],
    ['another database', 'postgresql://a:first-password@db/other?sslmode=require'],
    ['other parameters', 'postgresql://b:second@db/cerebro'],
  ])('lead to %s after a restart alone', async (_, DATABASE_URL) => {
    const { secrets, change } = start();
    change({ DATABASE_URL });
    await vi.advanceTimersByTimeAsync(300_000);
    expect(secrets.get('databaseUrl')).toBe(first.DATABASE_URL);
    expect(warned).toEqual(['DATABASE_URL was changed; restart to use it']);
  });

  it('change beside one that cannot be read, which is told of now and then', async () => {
    const { secrets, change, fail } = start();
    const problem = 'DATABASE_URL_FILE names an empty file';
    const told = `A secret could not be read again, and stays as it was: ${problem}`;
    fail(problem);
    change({ REPLICATE_API_TOKEN: 'second-token' });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(secrets.get('replicateToken')).toBe('second-token');
    expect(warned).toEqual([told]);
    fail(problem, 'CEREBRO_ADMIN_KEY must be a text without spaces');
    await vi.advanceTimersByTimeAsync(600_000);
    expect(warned).toEqual([told, expect.stringContaining('CEREBRO_ADMIN_KEY must be')]);
    await vi.advanceTimersByTimeAsync(2_700_000);
    expect(warned.filter((line) => line === told)).toHaveLength(2);
  });

  it('are told of anew when they fail again after they could be read', async () => {
    const { fail } = start();
    for (const problems of [['A_FILE names an empty file'], [], ['A_FILE names an empty file']]) {
      fail(...problems);
      await vi.advanceTimersByTimeAsync(300_000);
    }
    expect(warned).toHaveLength(2);
  });

  it('stay as they are after an error that nobody foresaw, of which only the name is told', async () => {
    const { secrets, reload, change } = start();
    change({ REPLICATE_API_TOKEN: 'second-token' });
    reload.mockRejectedValueOnce(new TypeError('canary'));
    await vi.advanceTimersByTimeAsync(300_000);
    expect(secrets.get('replicateToken')).toBe('first-token');
    expect(warned).toEqual([expect.stringMatching(/: TypeError$/)]);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(secrets.get('replicateToken')).toBe('second-token');
  });

  it('are read at once when one is refused, but not over and over', async () => {
    const { secrets, reload, change } = start();
    change({ REPLICATE_API_TOKEN: 'second-token' });
    await Promise.all([secrets.refused(), secrets.refused()]);
    expect(secrets.get('replicateToken')).toBe('second-token');
    await secrets.refused();
    expect(reload).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(3000);
    await secrets.refused();
    expect(reload).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(299_999);
    expect(reload).toHaveBeenCalledTimes(2);
  });

  it('are never read again where that is said, nor after the end', async () => {
    const never = start({ refresh: '0' });
    await never.secrets.refused();
    await vi.advanceTimersByTimeAsync(86_400_000);
    expect(never.reload).not.toHaveBeenCalled();
    const ended = start();
    ended.secrets.onModuleDestroy();
    await ended.secrets.refused();
    await vi.advanceTimersByTimeAsync(86_400_000);
    expect(ended.reload).not.toHaveBeenCalled();
  });
});

describe('secrets in the environment', () => {
  it('stay as they are, whatever is read beside them', async () => {
    const { secrets, change } = start({ names: ['CEREBRO_ADMIN_KEY'] });
    change({ REPLICATE_API_TOKEN: 'second-token', CEREBRO_ADMIN_KEY: 'second-admin' });
    await vi.advanceTimersByTimeAsync(300_000);
    expect(secrets.get('replicateToken')).toBe('first-token');
    expect(secrets.get('adminKey')).toBe('second-admin');
  });

  it('are not read again', async () => {
    const { reload } = start({ names: [] });
    await vi.advanceTimersByTimeAsync(86_400_000);
    expect(reload).not.toHaveBeenCalled();
  });
});
