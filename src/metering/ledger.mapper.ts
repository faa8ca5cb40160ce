// From stored predictions to the ledger's objects, and from queries to selections.
import { parseTimestamp } from '../contracts/checks.js';
import { ApiError } from '../errors/api-error.js';
import type { LedgerEntry, LedgerQuery } from './ledger.contract.js';
import type { LedgerRow, LedgerSelection } from './ledger.repository.js';
import { dollarsOrNull, orNull, seconds } from './moments.js';

/** A line of the ledger as the API shows it. */
export function toLedgerEntry(row: LedgerRow): LedgerEntry {
  return {
    id: row.id,
    object: 'ledger_entry',
    api_key_id: row.keyId,
    request_id: row.requestId,
    model: row.model,
    upstream_model: row.upstream,
    upstream_version: row.version,
    upstream_id: row.upstreamId,
    own_upstream: row.ownUpstream,
    state: row.state,
    billing: row.billing,
    input_tokens: row.promptTokens,
    output_tokens: row.completionTokens,
    images: row.images,
    created_at: seconds(row.createdAt),
    started_at: orNull(row.startedAt, seconds),
    completed_at: orNull(row.completedAt, seconds),
    settled_at: orNull(row.settledAt, seconds),
    run_time_seconds: orNull(row.runTimeUs, (microseconds) => Number(microseconds) / 1_000_000),
    held_usd: dollarsOrNull(row.heldNanos),
    cost_usd: dollarsOrNull(row.costNanos),
    error: row.error,
  };
}

/**
 * What a query asks for, with one line more than its page has, which tells whether another page exists.
 *
 * @throws {ApiError} naming `end_time` where it is not after `start_time`
 */
export function toLedgerSelection(query: LedgerQuery, pageSize: number): LedgerSelection {
  const from = parseTimestamp(query.start_time);
  const until = parseTimestamp(query.end_time);
  if (from && until && from >= until) {
    const message = "Invalid value for 'end_time': expected a time after 'start_time'.";
    throw new ApiError('invalid_value', { param: 'end_time', message });
  }
  return {
    limit: pageSize + 1,
    after: query.after ?? undefined,
    order: query.order ?? 'desc',
    from,
    until,
    keyId: query.api_key_id ?? undefined,
    model: query.model ?? undefined,
    state: query.state ?? undefined,
    requestId: query.request_id ?? undefined,
  };
}
