// Why the database could not be brought up to date.

/**
 * The database cannot be reached, a migration failed now or earlier, or another process holds the lock on migrations.
 * The message says what to do and is fit to be printed without a stack.
 */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}
