import { describe, expect, it } from 'vitest';
import { dropsIndex, indexBuilt, isConcurrent, statementsOf } from './migration-script.js';

describe("a migration's script", () => {
  it.each([
    ['SELECT 1; SELECT 2', ['SELECT 1', 'SELECT 2']],
    [' ;; -- nothing; here\n/* nor;\nhere */', []],
    [`SELECT 'a;''b', "c;d", e'f\\';g';`, [`SELECT '', "c;d", ''`]],
    ['DO $$ BEGIN x; END $$; DO $a$ $$;$$ $a$', [`DO ''`, `DO ''`]],
  ])('has its statements: %j', (sql, statements) => {
    expect(statementsOf(sql)).toEqual(statements);
  });

  it.each([
    ['CREATE INDEX CONCURRENTLY a ON b (c)', true],
    ['drop index concurrently a', true],
    ['-- Not CONCURRENTLY, since the table is empty.\nCREATE INDEX a ON b (c)', false],
    ["COMMENT ON TABLE b IS 'CONCURRENTLY'", false],
  ])('is done CONCURRENTLY where it says so outside of comments and texts: %j', (sql, expected) => {
    expect(isConcurrent(sql)).toBe(expected);
  });

  it.each([
    ['-- Why.\nCREATE INDEX CONCURRENTLY a_b ON t (c);\n', 'a_b'],
    ['create unique index concurrently if not exists "a ""b" on t(c)', '"a ""b"'],
    ['CREATE INDEX CONCURRENTLY ON t (c)', undefined],
    ['CREATE INDEX a_b ON t (c)', undefined],
    ['CREATE INDEX CONCURRENTLY a_b ON t (c); SELECT 1', undefined],
    ['REINDEX INDEX CONCURRENTLY a_b', undefined],
  ])('builds this index and nothing else: %j', (sql, name) => {
    expect(indexBuilt(sql)).toBe(name);
  });

  it('drops an index and nothing else', () => {
    expect(dropsIndex('DROP INDEX CONCURRENTLY IF EXISTS a;')).toBe(true);
    expect(dropsIndex('DROP INDEX CONCURRENTLY a; SELECT 1')).toBe(false);
    expect(dropsIndex('DROP INDEX a')).toBe(false);
  });
});
