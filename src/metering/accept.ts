// What a caller wants to get: JSON or CSV (RFC 9110, 12.5.1).

/** One range of an `Accept` header, with its weight. */
const RANGE = /^\s*([^\s;,]+)\s*(?:;.*?\bq=([^\s;]+))?.*$/i;

/** Whether CSV is asked for by name, and not less than JSON. */
export function prefersCsv(accept: string | undefined): boolean {
  const weights = new Map(
    (accept ?? '').split(',').map((range) => {
      const [, type = '', weight = '1'] = RANGE.exec(range) ?? [];
      return [type.toLowerCase(), Number(weight)];
    }),
  );
  const csv = weights.get('text/csv') ?? 0;
  return csv > 0 && csv >= (weights.get('application/json') ?? 0);
}
