// From stored predictions to the ledger's objects, and from queries to selections.
import { parseTimestamp } from '../contracts/checks.js';
import { placeAfter } from '../contracts/cursor.js';
import { ApiError } from '../errors/api-error.js';
import type {
  LedgerEntryWithContent,
  RetainedContentObject,
  RetainedPrompt,
} from './ledger-content.contract.js';
import type { LedgerEntry, LedgerQuery } from './ledger.contract.js';
import type { ContentRow, LedgerRow, LedgerSelection } from './ledger.repository.js';
import { unixSeconds } from '../contracts/unix-seconds.js';
import { dollarsOrNull, orNull } from './nullable.js';

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
    created_at: unixSeconds(row.createdAt),
    started_at: orNull(row.startedAt, unixSeconds),
    completed_at: orNull(row.completedAt, unixSeconds),
    settled_at: orNull(row.settledAt, unixSeconds),
    run_time_seconds: orNull(row.runTimeUs, (microseconds) => Number(microseconds) / 1_000_000),
    held_usd: dollarsOrNull(row.heldNanos),
    cost_usd: dollarsOrNull(row.costNanos),
    error: row.error,
  };
}

/** A line with the texts of its call, where they are kept. */
export function toLedgerEntryWithContent(
  row: LedgerRow,
  content: ContentRow | undefined,
): LedgerEntryWithContent {
  return { ...toLedgerEntry(row), content: content ? toContent(content) : null };
}

function toContent({ prompt, answer, expiresAt }: ContentRow): RetainedContentObject {
  // The gateway alone writes it, and in this shape.
  return { prompt: prompt as unknown as RetainedPrompt, answer, expires_at: unixSeconds(expiresAt) };
}

/**
 * What a query asks for, with one line more than its page has, which tells whether another page exists.
 *
 * @throws {ApiError} naming `end_time` where it is not after `start_time`, and `after` where it is no line's id
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
    after: placeAfter('prd_', query.after),
    order: query.order ?? 'desc',
    from,
    until,
    keyId: query.api_key_id ?? undefined,
    model: query.model ?? undefined,
    state: query.state ?? undefined,
    requestId: query.request_id ?? undefined,
  };
}
