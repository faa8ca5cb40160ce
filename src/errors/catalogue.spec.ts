import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { catalogue } from './catalogue.js';
import type { ErrorSpec } from './error-spec.js';

const documentation = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');

/** The table's rows that document an error: name, status, code, retry. */
const rows = documentation
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
  .filter((cells) => /^\d{3}$/.test(cells[2] ?? ''))
  .map((cells) => cells.slice(1, 5));

describe('the error catalogue', () => {
  it.each(Object.entries<ErrorSpec>(catalogue))('documents %s truly', (name, { status, code, retry }) => {
    const told = retry === undefined ? '' : retry ? 'yes' : 'no';
    expect(rows.find(([documented]) => documented === name)).toEqual([
      name,
      String(status),
      code ?? '–',
      told,
    ]);
  });

  it('documents nothing that does not exist', () => {
    expect(rows.map(([name]) => name).sort()).toEqual(Object.keys(catalogue).sort());
  });
});
