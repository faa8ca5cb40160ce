// What the database room has to be told.

/** Settings of the connection to the database. */
export interface DatabaseOptions {
  /** PostgreSQL connection string. */
  readonly url: string;
  /** How many connections this node may hold for its work. One more is kept for readiness. */
  readonly poolSize: number;
}

/** Injection token of {@link DatabaseOptions}. */
export const databaseOptions = Symbol('databaseOptions');
