// What can go wrong with the embedded database, in words for the person who started Cerebro.
import { relative } from 'node:path';

/**
 * The data folder cannot be used: not writable, in use, damaged, of another PostgreSQL version.
 * The message is one line that says what to do, fit to be printed without a stack.
 */
export class DataFolderError extends Error {
  override readonly name = 'DataFolderError';
}

/** There is no embedded PostgreSQL for this installation; the message, one line, says to set DATABASE_URL. */
export class EmbeddedPostgresMissingError extends Error {
  override readonly name = 'EmbeddedPostgresMissingError';
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this user may not read or write it',
  EPERM: 'this user may not change it',
  EROFS: 'its file system is read-only',
  ENOSPC: 'its disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOENT: 'it cannot be made there',
  EEXIST: 'a part of its path is a file, not a folder',
  ENOTDIR: 'a part of its path is a file, not a folder',
  ELOOP: 'its path runs in a circle of links',
  ENAMETOOLONG: 'its path is too long',
};

/** Whether one path lies below the other. */
function isOnTheWay(path: string, dataDir: string): boolean {
  return [relative(path, dataDir), relative(dataDir, path)].some((way) => !way.startsWith('..'));
}

/** Turns a file system's error below `dataDir` into a {@link DataFolderError}; any other error comes back as it is. `dataDir` is absolute. */
export function explainFileError(error: unknown, dataDir: string): unknown {
  if (!(error instanceof Error)) return error;
  const { code, path } = error as NodeJS.ErrnoException;
  const reason = code === undefined ? undefined : reasons[code];
  if (reason === undefined || path === undefined || !isOnTheWay(path, dataDir)) return error;
  const where = path === dataDir ? '' : ` (${path})`;
  return new DataFolderError(
    `The data folder ${dataDir} cannot be used: ${reason}${where}. Change that, or set CEREBRO_DATA_DIR to another folder.`,
    { cause: error },
  );
}
