// Limits of tenants and keys in the admin API.
import { ApiProperty } from '@nestjs/swagger';
import { wrongType } from '../contracts/checks.js';
import type { Check } from '../contracts/complaint.js';
import { field, IntegerField } from '../contracts/fields.js';
import { parseDollars } from '../inference/money.js';

/** No limit is higher: what nobody reaches is no limit. */
const MAX_LIMIT = 1_000_000_000;

/** The highest budget, in dollars. */
const MAX_BUDGET = 10_000_000;

const NANOS_IN_MAX_BUDGET = BigInt(MAX_BUDGET) * 1_000_000_000n;

/** An amount of dollars, as a number or as a decimal text, with at most nine decimals. */
export const budget: Check = (value) => {
  if (typeof value !== 'number' && typeof value !== 'string')
    return wrongType('a decimal or a decimal string');
  const amount = Number(value);
  if (amount < 0) return { reason: 'decimal_below_min_value', bound: 0 };
  if (amount > MAX_BUDGET) return { reason: 'decimal_above_max_value', bound: MAX_BUDGET };
  const nanos = parseDollars(value);
  return nanos !== undefined && nanos <= NANOS_IN_MAX_BUDGET
    ? undefined
    : {
        reason: 'invalid_value',
        expected: 'an amount of dollars such as 25 or "0.000975", with at most 9 decimals',
      };
};

/** A budget in US dollars. */
function BudgetField(description: string): PropertyDecorator {
  const oneOf = [
    { type: 'number', minimum: 0, maximum: MAX_BUDGET },
    { type: 'string', pattern: '^\\d{1,8}(\\.\\d{1,9})?$' },
  ];
  return field({ description, example: 250 }, { oneOf }, budget);
}

const LIMIT = { min: 0, max: MAX_LIMIT } as const;

const WORDS = {
  requests_per_minute: 'Requests in any sixty seconds; 0 closes the door.',
  tokens_per_minute: 'Tokens of prompts and answers in any sixty seconds.',
  max_concurrency: 'Predictions that run at the same time.',
  monthly_budget_usd: 'US dollars in a calendar month, in UTC.',
  total_budget_usd: 'US dollars at all.',
};

/** Limits to set. */
export class LimitsInput {
  @IntegerField({ ...LIMIT, description: WORDS.requests_per_minute, example: 600 })
  requests_per_minute?: number | null;

  @IntegerField({ ...LIMIT, description: WORDS.tokens_per_minute, example: 1_000_000 })
  tokens_per_minute?: number | null;

  @IntegerField({ ...LIMIT, description: WORDS.max_concurrency, example: 50 })
  max_concurrency?: number | null;

  @BudgetField(WORDS.monthly_budget_usd)
  monthly_budget_usd?: number | string | null;

  @BudgetField(WORDS.total_budget_usd)
  total_budget_usd?: number | string | null;
}

/** Limits as they are; null: none. */
export class LimitsObject {
  @ApiProperty({ type: 'integer', nullable: true, description: WORDS.requests_per_minute, example: 600 })
  requests_per_minute!: number | null;

  @ApiProperty({ type: 'integer', nullable: true, description: WORDS.tokens_per_minute, example: null })
  tokens_per_minute!: number | null;

  @ApiProperty({ type: 'integer', nullable: true, description: WORDS.max_concurrency, example: 50 })
  max_concurrency!: number | null;

  @ApiProperty({ type: Number, nullable: true, description: WORDS.monthly_budget_usd, example: 250 })
  monthly_budget_usd!: number | null;

  @ApiProperty({ type: Number, nullable: true, description: WORDS.total_budget_usd, example: null })
  total_budget_usd!: number | null;
}
