// Tells whether the process that once wrote its id somewhere is still that process. A bare process id does
// not: a container that restarts hands out the same small numbers again.
import { readFile } from 'node:fs/promises';

/**
 * Names a running process for good: its id and, where the system tells (Linux), its start time in clock ticks.
 * Undefined when there is no such process, or only a zombie of it.
 */
export async function processIdentity(pid: number): Promise<string | undefined> {
  if (!isRunning(pid)) return undefined;
  const fields = await linuxStat(pid);
  if (fields === undefined) return String(pid);
  const [state, startTime] = [fields[0], fields[19]];
  return state === 'Z' || state === 'X' ? undefined : `${pid}-${startTime}`;
}

/** Whether the process named by {@link processIdentity}, or by a bare process id, still runs. */
export async function isStillRunning(identity: string): Promise<boolean> {
  const [pid, startTime] = identity.split('-');
  const current = await processIdentity(Number(pid));
  return current !== undefined && (startTime === undefined || current === identity);
}

function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The fields of `/proc/<pid>/stat` (proc(5)) from the third on: the second may itself hold spaces and brackets. */
async function linuxStat(pid: number): Promise<string[] | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    // No /proc (macOS), or the process has just ended, which the next look will tell.
    return undefined;
  }
}
