// Options that commands share, and how their texts become the admin API's fields.
import { type Command, InvalidArgumentError } from 'commander';
import type { Contract } from './contracts/contract-fields.js';
import { contractComplaint } from './contracts/structure-checks.js';
import { bodyError } from './http/validation-error.js';
import type { LimitsInput } from './tenancy/limits.contract.js';
import type { Slice } from './tenancy/slice.js';

/** What stands for null: no limit, no end, no restriction. */
export const NONE = 'none';

/** Texts of the options of {@link limited}. */
export interface LimitOptions {
  requestsPerMinute?: string;
  tokensPerMinute?: string;
  maxConcurrency?: string;
  monthlyBudgetUsd?: string;
  totalBudgetUsd?: string;
}

/** Options of {@link paged}. */
export interface PageOptions {
  limit: number;
  after?: string;
}

/** Adds the options of limits. */
export function limited(command: Command): Command {
  return command
    .option('--requests-per-minute <number>', `requests in any sixty seconds, or ${NONE}`)
    .option('--tokens-per-minute <number>', `tokens in any sixty seconds, or ${NONE}`)
    .option('--max-concurrency <number>', `predictions at the same time, or ${NONE}`)
    .option('--monthly-budget-usd <amount>', `US dollars in a calendar month (UTC), or ${NONE}`)
    .option('--total-budget-usd <amount>', `US dollars at all, or ${NONE}`);
}

/** Adds the options of a list. */
export function paged(command: Command): Command {
  return command
    .option('--limit <number>', 'how many to show', pageSize, 20)
    .option('--after <id>', 'show what follows this id');
}

/** One row more than asked for tells whether a next page exists. */
export function sliceOf({ limit, after }: PageOptions): Slice {
  return { after, take: limit + 1 };
}

/** The limits of a command; absent ones stay absent. */
export function limitsOf(options: LimitOptions): LimitsInput {
  return {
    requests_per_minute: number(options.requestsPerMinute) as number,
    tokens_per_minute: number(options.tokensPerMinute) as number,
    max_concurrency: number(options.maxConcurrency) as number,
    // Texts are exact.
    monthly_budget_usd: orNull(options.monthlyBudgetUsd),
    total_budget_usd: orNull(options.totalBudgetUsd),
  };
}

/**
 * A body for the use cases of the admin API, held to its contract as the API would.
 *
 * @throws {ApiError} as the API's validation
 */
export function checked<Body extends object>(contract: Contract, body: Body): Body {
  const complaint = contractComplaint(contract, body as Readonly<Record<string, unknown>>);
  if (complaint) throw bodyError(complaint);
  return body;
}

/** A name for people. @throws {InvalidArgumentError} */
export function name(value: string): string {
  if (value.trim() === '' || value.length > 200) {
    throw new InvalidArgumentError('A name has 1 to 200 characters.');
  }
  return value;
}

/** A number where the text is one; any other text is for the contract to complain about. */
export function number(text: string | undefined): number | string | null | undefined {
  const value = orNull(text);
  return typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : value;
}

/** Entries separated by commas; null for `none`. */
export function list(text: string | undefined): string[] | null | undefined {
  const value = orNull(text);
  return typeof value === 'string' ? value.split(',').map((entry) => entry.trim()) : value;
}

/** Null for `none`. */
export function orNull(text: string | undefined): string | null | undefined {
  return text === NONE ? null : text;
}

function pageSize(value: string): number {
  const size = Number(value);
  if (!Number.isInteger(size) || size < 1 || size > 100)
    throw new InvalidArgumentError('A limit is 1 to 100.');
  return size;
}
