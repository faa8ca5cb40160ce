// Tells the database's absence from a fault of ours, by the errors that Prisma 7 throws over the pg adapter.
// Seen with a closed port, a silent and a resetting listener, a killed, a stopping and a full server, a used-up
// pool, and a standby, which can be read but not written.

/** Prisma's own codes: https://www.prisma.io/docs/orm/reference/error-reference. P2010 and P2039 only wrap another. */
const prismaCodes = new Set(['P1000', 'P1001', 'P1002', 'P1008', 'P1011', 'P1017', 'P2024', 'P2037']);

/** What the driver adapter makes of socket errors and of 53300. */
const adapterKinds = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TlsConnectionError',
  'TooManyConnections',
  'AuthenticationFailed',
]);

/**
 * PostgreSQL: connection exceptions (class 08), no resources left (53), stopping or starting (57P0x), 25006, which
 * refuses a write because this is a standby or was made read-only, 57014, with which the server ends a statement that
 * takes longer than we let it, and a refused user or password (28), which a gateway that runs has had right before: it
 * is being changed.
 * @see https://www.postgresql.org/docs/18/errcodes-appendix.html
 */
const sqlState = /^(08...|28...|53...|57P0[1-5]|25006|57014)$/;

const socketCodes = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'ETIMEDOUT', 'EPIPE'],
  ...['EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'],
]);

/**
 * pg gives most of these no code, and Prisma passes them on as they are. P2028 has one code for this and for slow
 * callers; a standby has 0A000, as of anything that PostgreSQL cannot do, where an unlogged table is touched.
 */
const messages = [
  'Connection terminated',
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Query read timeout',
  'Client has encountered a connection error and is not queryable',
  'Unable to start a transaction in the given time',
  'cannot access temporary or unlogged relations during recovery',
];

/**
 * Whether a database call failed because the database cannot be had at the moment: unreachable, stopping, full, too slow.
 * A caller may try again later; nothing is wrong with the request. Meant for errors of database calls only.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, kind, originalCode, meta, cause, message, name } = error as Readonly<Record<string, unknown>>;
  if ([code, originalCode].some(isUnavailableCode)) return true;
  if (typeof kind === 'string' && adapterKinds.has(kind)) return true;
  if (typeof message === 'string' && messages.some((part) => message.includes(part))) return true;
  if (isDatabaseUnavailable((meta as { driverAdapterError?: unknown } | undefined)?.driverAdapterError))
    return true;
  return name === 'DriverAdapterError' && isDatabaseUnavailable(cause);
}

function isUnavailableCode(code: unknown): boolean {
  return typeof code === 'string' && (prismaCodes.has(code) || sqlState.test(code) || socketCodes.has(code));
}
