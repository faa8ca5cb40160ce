// What PostgreSQL's log says about why it would not start.
import { open, stat } from 'node:fs/promises';

/** Size of a log file in bytes; 0 when there is none. */
export async function logSize(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

/** What was written to a log file after its first `offset` bytes, at most 64 KiB. */
export async function logSince(file: string, offset: number): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(65_536), 0, 65_536, offset);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Why a start failed, and what to do about it. */
export type StartFailure =
  | { readonly kind: 'port-taken' }
  /** Another process has just started a server on the same folder. */
  | { readonly kind: 'already-running' }
  /** The children of a killed server have not all ended yet. */
  | { readonly kind: 'still-ending' }
  | { readonly kind: 'fatal'; readonly message: string };

/** Reads the reason out of the log lines of one failed start. */
export function startFailure(log: string): StartFailure {
  if (log.includes('Address already in use')) return { kind: 'port-taken' };
  if (/lock file "[^"]*" (already exists|is empty)/.test(log)) return { kind: 'already-running' };
  if (log.includes('pre-existing shared memory block')) return { kind: 'still-ending' };
  return { kind: 'fatal', message: fatalMessage(log) };
}

/** The decisive lines of a program's output, in one line. Statements are left out: they may hold the password. */
export function fatalMessage(log: string): string {
  const decisive = log
    .split('\n')
    .filter(
      (line) =>
        /(FATAL|PANIC|DETAIL|HINT|error|could not|cannot)\b/.test(line) && !line.includes('STATEMENT:'),
    )
    .map((line) =>
      line
        .replace(/^\d{4}-\d\d-\d\d [\d:.]+ \S+ \[\d+\] /, '')
        .trim()
        .replace(/\.$/, ''),
    );
  return (decisive.length > 0 ? decisive : [log.trim()]).slice(0, 4).join('; ') || 'it said nothing';
}
