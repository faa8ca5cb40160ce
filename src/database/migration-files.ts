// The migrations folder, in the layout of Prisma Migrate: `<name>/migration.sql`, applied in the order of names.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** This package's migrations; seen from `src/database` and from `dist/database` alike. */
export const migrationsFolder = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

/** The schema that the migrations lead to. */
export const schemaFile = fileURLToPath(new URL('../../prisma/schema.prisma', import.meta.url));

/** One migration and its script. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
}

/**
 * Names of the migrations in a folder, in the order in which they apply.
 * @throws Error when the folder is missing: an installation without its migrations must not look up to date.
 */
export async function migrationNames(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** The migrations in a folder with their scripts, byte for byte: the scripts' checksums are kept in the database. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const names = await migrationNames(folder);
  return Promise.all(
    names.map(async (name) => ({ name, sql: await readFile(join(folder, name, 'migration.sql'), 'utf8') })),
  );
}
