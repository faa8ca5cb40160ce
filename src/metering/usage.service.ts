// Answers questions about usage, as JSON or as CSV.
import { Injectable } from '@nestjs/common';
import { ApiError } from '../errors/api-error.js';
import type { UsagePage, UsageQuery } from './usage.contract.js';
import { toBuckets, toCsv } from './usage.mapper.js';
import { type Buckets, nextPage, pageOf, wholeRange } from './usage-range.js';
import { UsageRepository, type UsageRow } from './usage.repository.js';

/** Most results of an answer: the lines of a CSV, or the results of all buckets of a page. */
const MAX_RESULTS = 50_000;

/** The usage of tenants. */
@Injectable()
export class Usage {
  constructor(private readonly repository: UsageRepository) {}

  /** @throws {ApiError} naming the parameter that is wrong */
  async page(tenantId: string, query: UsageQuery): Promise<UsagePage> {
    const range = wholeRange(query, Date.now());
    const page = pageOf(query, range);
    const next = nextPage(page, range);
    const rows = await this.read(tenantId, query, page);
    return { object: 'page', data: toBuckets(page, rows), has_more: next !== null, next_page: next };
  }

  /**
   * The whole range.
   *
   * @throws {ApiError} naming the parameter that is wrong
   */
  async csv(tenantId: string, query: UsageQuery): Promise<string> {
    const param = (['limit', 'page'] as const).find((name) => query[name] != null);
    if (param)
      throw new ApiError('invalid_value', { param, message: `CSV has no pages: leave out '${param}'.` });
    const range = wholeRange(query, Date.now());
    return toCsv(range, await this.read(tenantId, query, range));
  }

  private async read(tenantId: string, query: UsageQuery, buckets: Buckets): Promise<UsageRow[]> {
    const groups = joined(query.group_by, query['group_by[]']);
    const rows = await this.repository.read({
      tenantId,
      buckets,
      byKey: groups.includes('api_key_id'),
      byModel: groups.includes('model'),
      models: joined(query.models, query['models[]']),
      keyIds: joined(query.api_key_ids, query['api_key_ids[]']),
      limit: MAX_RESULTS + 1,
    });
    if (rows.length <= MAX_RESULTS) return rows;
    throw new ApiError('invalid_value', {
      param: 'start_time',
      message: `This would be more than ${MAX_RESULTS} results. Ask for less time at once, for longer buckets, or for some models or keys alone.`,
    });
  }
}

function joined<T>(...lists: readonly (readonly T[] | null | undefined)[]): T[] {
  return lists.flatMap((list) => list ?? []);
}
