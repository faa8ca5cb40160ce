// Compares the migrations with Prisma's schema: writes a migration's SQL, and tells whether one was forgotten.
import { readFile } from 'node:fs/promises';
import { readMigrations } from './migration-files.js';
import { withSession } from './migrations.js';
import { schemaEngineAdapter } from './schema-engine-adapter.js';
import { everything, migrationList, withSchemaEngine } from './schema-engine.js';

/** What to compare, and where. */
export interface DiffInput {
  /** Connection string of an empty database, in which the migrations are replayed. */
  readonly scratchUrl: string;
  readonly folder: string;
  readonly schemaFile: string;
}

/** The SQL that leads from the migrations' end to the schema; empty when they agree. */
export async function diffToSql({ scratchUrl, folder, schemaFile }: DiffInput): Promise<string> {
  const migrations = migrationList(folder, await readMigrations(folder));
  const schema = { path: schemaFile, content: await readFile(schemaFile, 'utf8') };
  const compare = (adapter: ReturnType<typeof schemaEngineAdapter>) =>
    withSchemaEngine(adapter, (engine) =>
      engine.diff({
        from: { tag: 'migrations', ...migrations },
        to: { tag: 'schemaDatamodel', files: [schema] },
        script: true,
        exitCode: true,
        filters: everything,
      }),
    );
  const { exitCode, stdout } = await withSession(scratchUrl, (session) =>
    withSession(scratchUrl, (shadow) => compare(schemaEngineAdapter(session, { shadow }))),
  );
  return exitCode === 0 ? '' : (stdout ?? '');
}
