// What a migration's script consists of, as far as it decides how the script is run. Pure.

/** Comments, quoted texts and names, and semicolons: https://www.postgresql.org/docs/18/sql-syntax-lexical.html. */
const TOKEN =
  /--[^\n]*|\/\*[^]*?\*\/|\b[eE]'(?:[^'\\]|\\[^]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$(?:[A-Za-z_]\w*)?\$)[^]*?\1|;|[^]/g;

const NAME = String.raw`("(?:[^"]|"")+"|[\w$]+)`;
const CREATE_INDEX = new RegExp(
  String.raw`^CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF\s+NOT\s+EXISTS\s+)?${NAME}\s+ON\s`,
  'i',
);
const DROP_INDEX = /^DROP\s+INDEX\s+CONCURRENTLY\s/i;

/** The statements of a script, without comments and without what is in quoted texts. */
export function statementsOf(sql: string): string[] {
  let script = '';
  for (const [token] of sql.matchAll(TOKEN)) script += bare(token);
  return script
    .split('\0')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

/** Whether a script has something that PostgreSQL does CONCURRENTLY, and so in no transaction. */
export function isConcurrent(sql: string): boolean {
  return statementsOf(sql).some((statement) => /\bCONCURRENTLY\b/i.test(statement));
}

/** The index that a script makes CONCURRENTLY and does nothing else, as SQL spells its name. */
export function indexBuilt(sql: string): string | undefined {
  const [statement = '', ...more] = statementsOf(sql);
  return more.length === 0 ? CREATE_INDEX.exec(statement)?.[1] : undefined;
}

/** Whether a script drops an index CONCURRENTLY and does nothing else. */
export function dropsIndex(sql: string): boolean {
  const [statement = '', ...more] = statementsOf(sql);
  return more.length === 0 && DROP_INDEX.test(statement);
}

function bare(token: string): string {
  if (token === ';') return '\0';
  if (/^(?:--|\/\*)/.test(token)) return ' ';
  return token.length > 1 && !token.startsWith('"') ? "''" : token;
}
