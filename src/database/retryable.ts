// Tells statements that PostgreSQL has undone for the sake of another from those that are wrong.
// Seen with Prisma 7 over the pg adapter, whose raw queries and models report the same thing in different shapes.

/** PostgreSQL: a serialization failure, and the one that a deadlock's victim is told. */
const SQL_STATES: ReadonlySet<unknown> = new Set(['40001', '40P01']);

/** Prisma's own code for both, where it knows them: https://www.prisma.io/docs/orm/reference/error-reference. */
const WRITE_CONFLICT = 'P2034';

/** What the driver adapter makes of 40001. */
const WRITE_CONFLICT_KIND = 'TransactionWriteConflict';

/**
 * Whether a database call failed only because another came in its way. Nothing of it has been done, so the same again,
 * the whole transaction, may be tried at once. Meant for errors of database calls only.
 */
export function isRetryable(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, kind, originalCode, meta, cause, name } = error as Readonly<Record<string, unknown>>;
  if (code === WRITE_CONFLICT || kind === WRITE_CONFLICT_KIND) return true;
  if (SQL_STATES.has(code) || SQL_STATES.has(originalCode)) return true;
  if (isRetryable((meta as { driverAdapterError?: unknown } | undefined)?.driverAdapterError)) return true;
  return name === 'DriverAdapterError' && isRetryable(cause);
}
