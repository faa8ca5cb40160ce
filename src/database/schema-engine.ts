// Prisma's schema engine in WebAssembly: the same as in Prisma's command line, without its download.
// Loading it takes 40 ms and 20 MB, so callers first make sure that they need it.
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import type * as Bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Migration } from './migration-files.js';

/** Prisma's schema engine on a database. */
export type SchemaEngine = Bindings.SchemaEngine;

/** No table and no enum is left to others. */
export const everything: Bindings.SchemaFilter = { externalTables: [], externalEnums: [] };

/** Node's WebAssembly, as far as it is used here: its types come with those of browsers only. */
interface WasmLoader {
  instantiate(
    code: Uint8Array,
    imports: Record<string, unknown>,
  ): Promise<{ instance: { exports: Exports } }>;
}
interface Exports {
  readonly __wbindgen_start?: () => void;
}

const bindingsName = '@prisma/schema-engine-wasm/schema_engine_bg';
let bindings: Promise<typeof Bindings> | undefined;

/** Lends an engine on a database to `use`. */
export async function withSchemaEngine<T>(
  adapter: SqlMigrationAwareDriverAdapterFactory,
  use: (engine: SchemaEngine) => Promise<T>,
): Promise<T> {
  const { SchemaEngine } = await (bindings ??= loadBindings());
  const datamodel = 'datasource db {\n  provider = "postgresql"\n}\n';
  const engine = await SchemaEngine.new(
    { datamodels: [['schema.prisma', datamodel]] },
    ignoreLog,
    bindMigrationAwareSqlAdapterFactory(adapter),
  );
  try {
    return await use(engine);
  } finally {
    engine.free();
  }
}

/** Migrations as the engine takes them. */
export function migrationList(folder: string, migrations: readonly Migration[]): Bindings.MigrationList {
  return {
    baseDir: folder,
    lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
    shadowDbInitScript: '',
    migrationDirectories: migrations.map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
    })),
  };
}

async function loadBindings(): Promise<typeof Bindings> {
  // The engine reports a panic to this global and then traps in the middle of a task: what it says would be lost.
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: throwPanic } });
  const loaded = (await import(bindingsName)) as typeof Bindings & { __wbg_set_wasm(exports: Exports): void };
  const file = join(createRequire(import.meta.url).resolve(bindingsName), '..', 'schema_engine_bg.wasm');
  const { WebAssembly: wasm } = globalThis as unknown as { WebAssembly: WasmLoader };
  const { instance } = await wasm.instantiate(await readFile(file), {
    './schema_engine_bg.js': withIdleTimers(loaded),
  });
  loaded.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start?.();
  return loaded;
}

/** The engine limits its wait for a lock to 10 s and never clears that timer, which would keep a command running. */
function withIdleTimers(imports: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(imports).map(([name, value]: [string, unknown]) =>
      name.startsWith('__wbg_setTimeout_') ? [name, idleTimer] : [name, value],
    ),
  );
}

function idleTimer(callback: () => void, milliseconds: number): NodeJS.Timeout {
  return setTimeout(callback, milliseconds).unref();
}

function throwPanic(message: string): never {
  throw new Error(`Prisma's schema engine broke: ${message}`);
}

/** What matters of the engine's log comes back as results and errors. */
function ignoreLog(): void {
  return;
}
