// A database's connection string out of the JSON in which AWS keeps credentials of databases. Pure.
import { parseObject } from './json-object.js';
import { SecretProblem } from './secret-problem.js';

/**
 * A connection string as it is; of a JSON object with `username`, `password`, `host`, and perhaps `port` and `dbname`,
 * the connection string that it means. Whether to use TLS is then for `PGSSLMODE` to say.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
 * @throws {SecretProblem} for an object that lacks any of the three
 */
export function toDatabaseUrl(text: string): string {
  const object = parseObject(text);
  if (!object) return text;
  const { username, password, host, port, dbname } = object;
  if (![username, password, host].every((part) => typeof part === 'string' && part !== '')) {
    throw new SecretProblem('names JSON without username, password and host, and no key of it');
  }
  const user = [username, password].map((part) => encodeURIComponent(String(part))).join(':');
  const at = [host, port].filter((part) => isWord(part)).join(':');
  return `postgresql://${user}@${at}/${isWord(dbname) ? encodeURIComponent(dbname) : ''}`;
}

function isWord(part: unknown): part is string | number {
  return (typeof part === 'string' && part !== '') || typeof part === 'number';
}
