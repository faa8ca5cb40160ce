// How a command leaves the server it had started: running if a gateway has taken it over, else stopped.
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataFolder } from './data-folder.js';
import { DataFolderError } from './errors.js';
import { lockFolder, lockHolder, type FolderLock } from './folder-lock.js';
import { findPostmaster } from './postmaster.js';
import { stopServer } from './server.js';
import { otherSessions } from './sessions.js';

/** Longest wait in milliseconds for other commands to finish with the server. */
const patience = 5000;

/** Stops the server, unless a gateway owns the folder. While it stops, the lock keeps a gateway from adopting it. */
export async function stopAsCommand(folder: DataFolder, url: string): Promise<void> {
  if (!(await waitForOthers(folder, url))) return;
  const lock = await lockUnlessGateway(folder);
  if (lock === undefined) return;
  try {
    await stopServer(folder.cluster);
  } finally {
    await lock.release();
  }
}

/** Returns whether the server still is ours to stop. */
async function waitForOthers(folder: DataFolder, url: string): Promise<boolean> {
  const giveUpAt = Date.now() + patience;
  for (;;) {
    if ((await lockHolder(folder.gatewayLock))?.role === 'gateway') return false;
    if ((await findPostmaster(folder.cluster)).running === undefined) return false;
    if (Date.now() > giveUpAt || (await otherSessions(url)) === 0) return true;
    await sleep(50);
  }
}

async function lockUnlessGateway(folder: DataFolder): Promise<FolderLock | undefined> {
  try {
    return await lockFolder(folder.gatewayLock, folder.path, 'command');
  } catch (error) {
    if (error instanceof DataFolderError) return undefined;
    throw error;
  }
}
