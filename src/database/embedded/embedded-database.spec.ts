import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadBinaries } from './binaries.js';
import { openEmbeddedDatabase, type EmbeddedDatabase } from './embedded-database.js';
import { DataFolderError } from './errors.js';
import { waitForEnd } from './postmaster.js';
import { finish, isRoot, runnerFor } from './run-as.js';

let seed: string;
let parent: string;
let dataDir: string;
let opened: EmbeddedDatabase[];

const password = "it's a secret";

beforeAll(async () => {
  seed = await mkdtemp(join(tmpdir(), 'cerebro-embedded-seed-'));
  const made = await openEmbeddedDatabase({
    dataDir: seed,
    password,
    owner: true,
    settings: { fsync: 'off' },
  });
  await made.stop();
});
afterAll(() => rm(seed, { recursive: true }));

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'cerebro-embedded-'));
  dataDir = join(parent, 'data');
  opened = [];
});
afterEach(async () => {
  for (const database of opened) await database.stop();
  await rm(parent, { recursive: true });
});

/** A data folder as an earlier run left it. Copied: that takes a tenth of the time of making one. */
async function givenDatabase(): Promise<void> {
  await promisify(execFile)('cp', ['-a', seed, dataDir]);
}

async function open(owner = true, secret = password): Promise<EmbeddedDatabase> {
  const database = await openEmbeddedDatabase({
    ...{ dataDir, owner, password: secret },
    settings: { fsync: 'off' },
  });
  opened.push(database);
  return database;
}

/** Why opening fails. */
async function refusal(secret?: string): Promise<Error> {
  const error = await open(true, secret).catch((caught: unknown) => caught);
  if (error instanceof DataFolderError) return error;
  throw new Error('The data folder was not refused.', { cause: error });
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function serverPid(): Promise<number> {
  return Number.parseInt(await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8'), 10);
}

/** Makes the lock look as a gateway leaves it that was killed. */
async function forgetGateway(): Promise<void> {
  const child = spawn('true');
  await once(child, 'exit');
  await writeFile(join(dataDir, 'gateway.lock'), `${child.pid}\ngateway\n${child.pid}-1\n`);
}

/** Runs a statement on a cluster whose server is stopped. */
async function asSuperuser(cluster: string, statement: string): Promise<void> {
  const { postgres } = await loadBinaries();
  const account = isRoot() ? await stat(cluster) : undefined;
  const run = await runnerFor(account, [dataDir, dirname(postgres)]);
  const child = run(postgres, ['--single', '-D', cluster, 'postgres'], { stdio: 'pipe' });
  child.stdin?.end(`${statement}\n`);
  expect(await finish(child)).toMatchObject({ code: 0 });
}

async function killServer(): Promise<void> {
  const pid = await serverPid();
  process.kill(pid, 'SIGKILL');
  await waitForEnd(pid, 10_000);
}

describe('openEmbeddedDatabase', () => {
  it('keeps its data over a stop and a second start', async () => {
    const first = await open();
    expect(first.adopted).toBe(false);
    await query(first.url, "CREATE TABLE kept AS SELECT 'ünïcode' AS text");
    await first.stop();
    const second = await open();
    expect(second.adopted).toBe(false);
    expect(await query(second.url, 'SELECT text FROM kept')).toEqual([{ text: 'ünïcode' }]);
  });

  it('is a PostgreSQL that only its role can enter, without being superuser', async () => {
    await givenDatabase();
    const { url } = await open();
    expect(await query(url, 'SELECT usename, usesuper FROM pg_user WHERE usename = current_user')).toEqual([
      { usename: 'cerebro', usesuper: false },
    ]);
    await expect(query(url.replace('//cerebro:', '//postgres:'), 'SELECT 1')).rejects.toThrow('pg_hba.conf');
    expect(new URL(url).hostname).toBe('127.0.0.1');
  });

  it('lets its role make the role that holds tenants apart, also where an earlier version has made the folder', async () => {
    await givenDatabase();
    const cluster = join(dataDir, 'postgres');
    const mayMakeRoles = 'SELECT rolcreaterole AS may FROM pg_roles WHERE rolname = current_user';
    const first = await open();
    expect(await query(first.url, mayMakeRoles)).toEqual([{ may: true }]);
    await first.stop();
    await rm(join(cluster, 'cerebro.rights'));
    await asSuperuser(cluster, 'ALTER ROLE cerebro NOCREATEROLE;');
    const second = await open();
    expect(await query(second.url, mayMakeRoles)).toEqual([{ may: true }]);
  });

  it('lets nobody else read the data folder', async () => {
    await open();
    expect((await stat(dataDir)).mode & 0o066).toBe(0);
    expect((await stat(join(dataDir, 'postgres'))).mode & 0o077).toBe(0);
    expect((await stat(join(dataDir, 'postgres.log'))).mode & 0o077).toBe(0);
  });

  it('runs the server outside our process group, where Ctrl-C does not reach it', async () => {
    await givenDatabase();
    await open();
    const groupOf = async (pid: number): Promise<string> =>
      (await promisify(execFile)('ps', ['-o', 'pgid=', '-p', String(pid)])).stdout.trim();
    expect(await groupOf(await serverPid())).not.toBe(await groupOf(process.pid));
  });

  it('adopts the server that a killed gateway left running', async () => {
    await givenDatabase();
    const killed = await open();
    await query(killed.url, 'CREATE TABLE kept AS SELECT 1 AS one');
    const pid = await serverPid();
    await forgetGateway();
    const next = await open();
    expect(next.adopted).toBe(true);
    expect(await serverPid()).toBe(pid);
    expect(await query(next.url, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
    await next.stop();
    await expect(query(next.url, 'SELECT 1')).rejects.toThrow();
  });

  it('starts after a crash of the server', async () => {
    await givenDatabase();
    const crashed = await open();
    await query(crashed.url, 'CREATE TABLE kept AS SELECT 1 AS one');
    await killServer();
    await crashed.stop();
    const next = await open();
    expect(next.adopted).toBe(false);
    expect(await query(next.url, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
  });

  it('starts when another process has the id of a crashed server', async () => {
    await givenDatabase();
    const crashed = await open();
    await killServer();
    await crashed.stop();
    const file = join(dataDir, 'postgres', 'postmaster.pid');
    await writeFile(file, (await readFile(file, 'utf8')).replace(/^\d+/, String(process.ppid)));
    expect((await open()).adopted).toBe(false);
  });

  it('makes the database anew after it was interrupted half way', async () => {
    await mkdir(dataDir);
    const { pid } = spawn('true');
    await mkdir(join(dataDir, `postgres.new.${pid}-1.abcdef`, 'base'), { recursive: true });
    const { url } = await open();
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect((await readdir(dataDir)).sort()).toEqual(['gateway.lock', 'postgres', 'postgres.log']);
  });

  it('stops once, however often it is asked to', async () => {
    await givenDatabase();
    const database = await open();
    await Promise.all([database.stop(), database.stop()]);
    await database.stop();
    expect(await readdir(dataDir)).not.toContain('gateway.lock');
  });

  it('makes one database when a gateway and a command come first at the same time', async () => {
    const both = await Promise.all([open(true), open(false)]);
    expect(both.map(({ adopted }) => adopted).sort()).toEqual([false, true]);
    expect(both[0].url).toBe(both[1].url);
  });
});

describe('a data folder', () => {
  it('serves one gateway', async () => {
    await givenDatabase();
    await open();
    expect((await refusal()).message).toContain(`is in use by another Cerebro (pid ${process.pid})`);
  });

  it('is free again when a start has failed', async () => {
    await givenDatabase();
    await refusal('another password');
    expect((await open()).adopted).toBe(false);
  });

  it('is refused below a file', async () => {
    await writeFile(dataDir, '');
    dataDir = join(dataDir, 'below');
    const { message } = await refusal();
    expect(message).toContain(`The data folder ${dataDir} cannot be used`);
    expect(message).not.toContain('\n');
  });

  it('is refused when it is a file', async () => {
    await writeFile(dataDir, '');
    expect((await refusal()).message).toContain('not a folder');
  });

  it('is refused with another password', async () => {
    await givenDatabase();
    expect((await refusal('another password')).message).toContain('has another password');
  });

  it('is refused when its database folder holds something else', async () => {
    await mkdir(join(dataDir, 'postgres', 'photos'), { recursive: true });
    expect((await refusal()).message).toContain('no complete PostgreSQL database');
  });

  it('is refused with the database of another PostgreSQL version', async () => {
    await givenDatabase();
    await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '17\n');
    expect((await refusal()).message).toMatch(/PostgreSQL version 17.*made by another version/);
  });

  it('is refused with a damaged database', async () => {
    await givenDatabase();
    await rm(join(dataDir, 'postgres', 'global', 'pg_control'));
    expect((await refusal()).message).toMatch(/cannot be started: .*pg_control.*restore a backup/);
  });
});

describe('a command', () => {
  it('uses the server of a running gateway and leaves it alone', async () => {
    await givenDatabase();
    const gateway = await open();
    const command = await open(false);
    expect(command).toMatchObject({ url: gateway.url, adopted: true });
    await command.stop();
    expect(await query(gateway.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('starts the server where none runs, and stops it again', async () => {
    await givenDatabase();
    const command = await open(false);
    expect(command.adopted).toBe(false);
    await command.stop();
    await expect(query(command.url, 'SELECT 1')).rejects.toThrow();
    expect((await readdir(dataDir)).sort()).toEqual(['postgres', 'postgres.log']);
  });

  it('leaves the server to a gateway that has adopted it', async () => {
    await givenDatabase();
    const command = await open(false);
    const gateway = await open();
    expect(gateway.adopted).toBe(true);
    await command.stop();
    expect(await query(gateway.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('waits with the stop until other commands are done', async () => {
    await givenDatabase();
    const command = await open(false);
    const other = new pg.Client({ connectionString: command.url });
    await other.connect();
    const stopped = command.stop();
    const { rows } = await other.query<{ one: number }>('SELECT 1 AS one, pg_sleep(0.3)::text');
    expect(rows).toMatchObject([{ one: 1 }]);
    await other.end();
    await stopped;
    await expect(query(command.url, 'SELECT 1')).rejects.toThrow();
  });
});
