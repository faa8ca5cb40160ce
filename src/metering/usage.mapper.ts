// From rollups to the usage API's buckets, and to the lines of its CSV.
import { dollarText, toDollars } from '../inference/money.js';
import { type Cell, csvLine } from './csv.js';
import type { UsageBucket, UsageResult } from './usage.contract.js';
import type { Buckets } from './usage-range.js';
import type { UsageRow } from './usage.repository.js';

/** Microseconds in a second. */
const MICRO = 1_000_000;

/** All buckets, also those without use. */
export function toBuckets({ width, start, end }: Buckets, rows: readonly UsageRow[]): UsageBucket[] {
  const byStart = Map.groupBy(rows, (row) => row.start);
  return Array.from({ length: (end - start) / width }, (_, index) => {
    const begin = start + index * width;
    return {
      object: 'bucket',
      start_time: begin,
      end_time: begin + width,
      results: (byStart.get(begin) ?? []).map(toResult),
    };
  });
}

function toResult(row: UsageRow): UsageResult {
  return {
    object: 'usage.result',
    num_model_requests: Number(row.predictions),
    succeeded: Number(row.succeeded),
    input_tokens: Number(row.promptTokens),
    output_tokens: Number(row.completionTokens),
    images: Number(row.images),
    run_time_seconds: Number(row.runTimeUs) / MICRO,
    cost_usd: toDollars(row.costNanos),
    uncertain_cost_usd: toDollars(row.uncertainNanos),
    num_unpriced: Number(row.unpriced),
    api_key_id: row.keyId,
    model: row.model,
  };
}

const COLUMNS = [
  ...['start_time', 'end_time', 'api_key_id', 'model', 'num_model_requests', 'succeeded', 'input_tokens'],
  ...['output_tokens', 'images', 'run_time_seconds', 'cost_usd', 'uncertain_cost_usd', 'num_unpriced'],
];

/** The results as CSV, a line each; what is null is empty. Money has all its digits, whatever the amount. */
export function toCsv({ width }: Buckets, rows: readonly UsageRow[]): string {
  return [COLUMNS, ...rows.map((row) => cells(row, width))].map(csvLine).join('');
}

function cells(row: UsageRow, width: number): readonly Cell[] {
  return [
    row.start,
    row.start + width,
    row.keyId ?? '',
    row.model ?? '',
    row.predictions,
    row.succeeded,
    row.promptTokens,
    row.completionTokens,
    row.images,
    Number(row.runTimeUs) / MICRO,
    { number: dollarText(row.costNanos) },
    { number: dollarText(row.uncertainNanos) },
    row.unpriced,
  ];
}
