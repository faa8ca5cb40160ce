// Names of the channels on which the database itself tells of changes, by triggers of its migrations.

/** Tells of each change of a key or tenant, by its id: `key_…` or `ten_…`. */
export const CREDENTIALS_CHANNEL = 'cerebro_credentials';
