// The answer of the two routes of usage: a page of JSON, or a file of CSV.
import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, getSchemaPath } from '@nestjs/swagger';
import type { ErrorName } from '../errors/catalogue.js';
import { ApiErrors } from '../http/api-errors.decorator.js';
import { prefersCsv } from './accept.js';
import { READ_ERRORS } from './read-errors.js';
import { UsagePage, type UsageQuery } from './usage.contract.js';
import type { Usage } from './usage.service.js';

/** Documents a route of usage. */
export function UsageRoute(operationId: string, summary: string, ...errors: ErrorName[]): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId,
      summary,
      description:
        "Asked and answered as OpenAI's usage API. Predictions count in the bucket in which they began, as soon as they have ended. Buckets of a minute are kept for 7 days, of an hour for 400; what is older has no results.",
    }),
    ApiExtraModels(UsagePage),
    ApiOkResponse({
      description: 'A page of buckets; as CSV the results of the whole range, a line each.',
      content: {
        'application/json': { schema: { $ref: getSchemaPath(UsagePage) } },
        'text/csv': { schema: { type: 'string' } },
      },
    }),
    ApiErrors('array_above_max_length', ...READ_ERRORS, ...errors),
  );
}

/** Answers in the form that is asked for. */
export async function answerUsage(
  usage: Usage,
  tenantId: string,
  { query, accept }: { query: UsageQuery; accept: string | undefined },
): Promise<UsagePage | Response> {
  const isCsv = query.format ? query.format === 'csv' : prefersCsv(accept);
  if (!isCsv) return usage.page(tenantId, query);
  return new Response(await usage.csv(tenantId, query), {
    headers: {
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': 'attachment; filename="usage.csv"',
      'x-content-type-options': 'nosniff',
    },
  });
}
