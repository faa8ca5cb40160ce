// What the database room has to be told.

/** How to connect to the database. */
export interface DatabaseAccess {
  /** PostgreSQL connection string. */
  readonly url: string;
  /** The connection string for a connection that is opened now: its user and password may have been changed. */
  readonly currentUrl?: () => string;
  /** Told when PostgreSQL refuses the user or the password. */
  readonly onRefused?: () => void;
}

/** Settings of the connection to the database. */
export interface DatabaseOptions extends DatabaseAccess {
  /** How many connections this node may hold for its work. One more is kept for readiness. */
  readonly poolSize: number;
}

/** Injection token of {@link DatabaseOptions}. */
export const databaseOptions = Symbol('databaseOptions');
