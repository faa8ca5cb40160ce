// Secrets in files, as Docker and Kubernetes mount them.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { SecretProblem } from './secret-problem.js';

/** Largest file, in bytes: the largest secret that AWS Secrets Manager keeps too. */
export const LARGEST_SECRET = 64 * 1024;

/**
 * The content of a file, without a line's end at its end.
 *
 * @throws {SecretProblem}
 */
export async function readSecretFile(path: string): Promise<string> {
  const bytes = await read(path);
  if (bytes.length > LARGEST_SECRET) throw new SecretProblem('names a file of more than 64 KiB');
  const text = bytes.toString('utf8').replace(/\r?\n$/, '');
  if (text.trim() === '') throw new SecretProblem('names an empty file');
  return text;
}

async function read(path: string): Promise<Buffer> {
  try {
    // Without waiting for somebody who writes into a pipe: there may be none, and a second reading would find nothing.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!(await file.stat()).isFile()) throw new SecretProblem('names something that is no file');
      const { buffer, bytesRead } = await file.read(Buffer.alloc(LARGEST_SECRET + 1), 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof SecretProblem) throw error;
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new SecretProblem(
      code === 'ENOENT' ? 'names a file that does not exist' : `names a file that cannot be read (${code})`,
    );
  }
}
