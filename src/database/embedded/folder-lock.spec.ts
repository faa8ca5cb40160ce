import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataFolderError } from './errors.js';
import { lockFolder, lockHolder } from './folder-lock.js';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cerebro-lock-'));
  file = join(folder, 'gateway.lock');
});
afterEach(() => rm(folder, { recursive: true }));

async function deadPid(): Promise<number> {
  const child = spawn('true');
  await once(child, 'exit');
  return child.pid ?? 0;
}

describe('lockFolder', () => {
  it('lets one of many at once have the lock', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () => lockFolder(file, folder, 'gateway')),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('lets one of many take over from a dead holder', async () => {
    await writeFile(file, `${await deadPid()}\ngateway\n${await deadPid()}-1\n`);
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () => lockFolder(file, folder, 'gateway')),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await readdir(folder)).toEqual(['gateway.lock']);
  });

  it('names the live holder', async () => {
    const lock = await lockFolder(file, folder, 'gateway');
    expect(Number.parseInt(await readFile(file, 'utf8'), 10)).toBe(process.pid);
    const error = await lockFolder(file, folder, 'gateway').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DataFolderError);
    expect(String(error)).toContain(`in use by another Cerebro (pid ${process.pid})`);
    await lock.release();
    await (await lockFolder(file, folder, 'gateway')).release();
    expect(await readdir(folder)).toEqual([]);
  });

  it('waits for a command that holds it', async () => {
    const command = await lockFolder(file, folder, 'command');
    const gateway = lockFolder(file, folder, 'gateway');
    await command.release();
    await (await gateway).release();
  });
});

describe('lockHolder', () => {
  it('is nobody where there is no lock', async () => {
    expect(await lockHolder(file)).toBeUndefined();
  });

  it('is nobody when the process id has gone to another process', async () => {
    await writeFile(file, `${process.pid}\ngateway\n${process.pid}-1\n`);
    expect(await lockHolder(file)).toBeUndefined();
  });

  it('is nobody when the holder ended while it wrote', async () => {
    await writeFile(file, '');
    expect(await lockHolder(file)).toBeUndefined();
  });

  it('is the process that wrote no more than its id, while it runs', async () => {
    await writeFile(file, `${process.pid}\n`);
    expect(await lockHolder(file)).toEqual({ pid: process.pid, role: 'gateway' });
  });
});
