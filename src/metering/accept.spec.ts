import { describe, expect, it } from 'vitest';
import { prefersCsv } from './accept.js';

describe('an Accept header', () => {
  it.each(['text/csv', 'Text/CSV; charset=utf-8', 'application/json;q=0.5, text/csv', '*/*, text/csv;q=0.1'])(
    'asks for CSV: %s',
    (accept) => {
      expect(prefersCsv(accept)).toBe(true);
    },
  );

  it.each([
    ...[undefined, '', '*/*', 'text/*', 'application/json', 'text/csv;q=0', 'text/csvx'],
    ...['application/json, text/csv;q=0.9', ';;;,,,', 'text/csv;q=x'],
  ])('asks for JSON: %s', (accept) => {
    expect(prefersCsv(accept)).toBe(false);
  });
});
