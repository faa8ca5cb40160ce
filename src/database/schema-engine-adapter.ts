// Prisma's PostgreSQL adapter as its schema engine needs it: one session, so that lock, transaction and
// statements belong together, and two of the adapter's gaps closed.
import { PrismaPg } from '@prisma/adapter-pg';
import {
  ColumnTypeEnum,
  DriverAdapterError,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import pg from 'pg';

/** PostgreSQL's internal one-letter type `"char"`, and `text`, by object id. */
const types = { char: 18, text: 25 };

/** What a use of the schema engine may need beside its session. */
export interface AdapterOptions {
  /** A session on an empty database, to replay migrations in when the engine asks for a shadow database. */
  readonly shadow?: pg.Client;
  /** Told why a migration's script failed: the engine's own error may only name what that led to. */
  readonly onScriptError?: (error: unknown) => void;
}

/** Lets the schema engine work in a session. It does not close it. */
export function schemaEngineAdapter(
  session: pg.Client,
  { shadow, onScriptError }: AdapterOptions = {},
): SqlMigrationAwareDriverAdapterFactory {
  return {
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect: () => adapterOn(session, onScriptError),
    connectToShadowDb: () => {
      if (shadow === undefined) throw new Error('This use of the schema engine has no shadow database.');
      return adapterOn(shadow, onScriptError);
    },
  };
}

async function adapterOn(
  session: pg.Client,
  onScriptError?: (error: unknown) => void,
): Promise<SqlDriverAdapter> {
  const letters = new WeakMap<object, number[]>();
  // The adapter takes nothing but a pool. This one never connects.
  const pool = Object.assign(new pg.Pool(), {
    query: async (query: pg.QueryArrayConfig) => {
      const result = await session.query(query);
      letters.set(result.rows, asText(result.fields));
      return result;
    },
  });
  const adapter: SqlDriverAdapter = await new PrismaPg(pool).connect();
  const queryRaw = adapter.queryRaw.bind(adapter);
  return Object.assign(adapter, {
    // The adapter refuses "char", which the engine asks for when it reads the catalogue (adapter-pg 7.10.0).
    queryRaw: async (...query: Parameters<typeof queryRaw>) => {
      const result = await queryRaw(...query);
      for (const column of letters.get(result.rows) ?? [])
        result.columnTypes[column] = ColumnTypeEnum.Character;
      return result;
    },
    // The adapter cuts scripts at every semicolon, also inside strings and function bodies (adapter-pg 7.10.0).
    executeScript: async (script: string) => {
      try {
        await session.query(script);
      } catch (error) {
        onScriptError?.(error);
        throw inEngineWords(error);
      }
    },
  });
}

/** Presents `"char"` columns as text, and returns which they were. */
function asText(fields: readonly pg.FieldDef[]): number[] {
  const found = [...fields.entries()].filter(([, field]) => field.dataTypeID === types.char);
  for (const [, field] of found) field.dataTypeID = types.text;
  return found.map(([column]) => column);
}

function inEngineWords(error: unknown): unknown {
  if (!(error instanceof pg.DatabaseError)) return error;
  const { code = '', severity = '', message, detail, column, hint } = error;
  return new DriverAdapterError({ kind: 'postgres', code, severity, message, detail, column, hint });
}
