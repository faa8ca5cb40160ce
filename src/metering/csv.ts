// Comma-separated values as RFC 4180 writes them, safe to open in a spreadsheet.

/** A text, or digits, which stand as they are. */
export type Cell = string | number | bigint | { readonly number: string };

/** What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection"). */
const FORMULA = /^[=+\-@\t\r\n]/;

/** What must stand in quotes. */
const SPECIAL = /[",\r\n]/;

/** One line, with its end. A text that a spreadsheet would compute gets an apostrophe before it. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(cellText).join(',')}\r\n`;
}

function cellText(cell: Cell): string {
  if (typeof cell === 'object') return cell.number;
  if (typeof cell !== 'string') return String(cell);
  const text = FORMULA.test(cell) ? `'${cell}` : cell;
  return SPECIAL.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
