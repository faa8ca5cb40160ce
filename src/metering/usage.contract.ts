// The wire format of usage: the questions and answers of OpenAI's usage API, with what pictures and seconds cost.
import { ApiProperty } from '@nestjs/swagger';
import { EnumField, TextField } from '../contracts/fields.js';
import { QueryIntegerField, QueryListField, QueryTimeField } from '../contracts/query-fields.js';

/** Lengths of buckets. */
export const BUCKET_WIDTHS = ['1m', '1h', '1d'] as const;
export type BucketWidth = (typeof BUCKET_WIDTHS)[number];

/** What usage can be told apart by. */
export const GROUPS = ['model', 'api_key_id'] as const;
export type Group = (typeof GROUPS)[number];

const LISTED = "As `name[]`, which OpenAI's clients send.";
const groups = { values: GROUPS, maxItems: GROUPS.length } as const;
const names = { maxItems: 100 } as const;

/** Which usage to tell. */
export class UsageQuery {
  @QueryTimeField({
    description:
      'From when, as Unix seconds or RFC 3339: the bucket that this moment is in is the first. Without it, as many buckets as a page has: by the day the last seven, with today.',
    example: 1795435200,
  })
  start_time?: number | string | null;

  @QueryTimeField({
    description: 'Until when, exclusive: the bucket of the moment before is the last. Without it, now.',
  })
  end_time?: number | string | null;

  @EnumField({ values: BUCKET_WIDTHS, default: '1d', description: 'Length of a bucket, in UTC.' })
  bucket_width?: BucketWidth | null;

  @QueryListField({ ...groups, description: 'What to tell apart. Without it, each bucket has one sum.' })
  group_by?: Group[] | null;

  @QueryListField({ ...groups, description: LISTED })
  'group_by[]'?: Group[] | null;

  @QueryListField({ ...names, description: 'Only of these models, by the names that requests had for them.' })
  models?: string[] | null;

  @QueryListField({ ...names, description: LISTED })
  'models[]'?: string[] | null;

  @QueryListField({ ...names, description: 'Only of these keys.' })
  api_key_ids?: string[] | null;

  @QueryListField({ ...names, description: LISTED })
  'api_key_ids[]'?: string[] | null;

  @QueryIntegerField({
    min: 1,
    max: 1440,
    description:
      'Buckets of a page: by the day 7 unless said, 31 at most; by the hour 24, 168; by the minute 60, 1440.',
  })
  limit?: number | null;

  @TextField({ maxLength: 64, description: '`next_page` of the page before.' })
  page?: string | null;

  @EnumField({
    values: ['json', 'csv'],
    description:
      'Before what `Accept` says. CSV has no pages: it holds the whole range, at most 50000 lines.',
  })
  format?: 'json' | 'csv' | null;
}

/** What was used in one bucket, of one group. */
export class UsageResult {
  @ApiProperty({ enum: ['usage.result'] })
  object!: 'usage.result';

  @ApiProperty({ type: 'integer', description: 'Predictions that were made and have ended.', example: 12 })
  num_model_requests!: number;

  @ApiProperty({ type: 'integer', description: 'Those of them that succeeded.', example: 11 })
  succeeded!: number;

  @ApiProperty({ type: 'integer', example: 960 })
  input_tokens!: number;

  @ApiProperty({ type: 'integer', example: 4200 })
  output_tokens!: number;

  @ApiProperty({ type: 'integer', example: 12 })
  images!: number;

  @ApiProperty({
    type: 'number',
    description: 'What the provider bills by, to the microsecond.',
    example: 83.512,
  })
  run_time_seconds!: number;

  @ApiProperty({ type: 'number', description: 'US dollars, to the nano-dollar.', example: 0.081424 })
  cost_usd!: number;

  @ApiProperty({
    type: 'number',
    description:
      'Beyond `cost_usd`: charged to budgets for predictions of which nobody knows what they cost.',
    example: 0,
  })
  uncertain_cost_usd!: number;

  @ApiProperty({ type: 'integer', description: 'Predictions that ran and have no price.', example: 0 })
  num_unpriced!: number;

  @ApiProperty({ type: String, nullable: true, description: 'Null unless grouped by it.', example: null })
  api_key_id!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Null unless grouped by it.', example: null })
  model!: string | null;
}

/** A span of time. */
export class UsageBucket {
  @ApiProperty({ enum: ['bucket'] })
  object!: 'bucket';

  @ApiProperty({ type: 'integer', description: 'Unix seconds.', example: 1795435200 })
  start_time!: number;

  @ApiProperty({ type: 'integer', description: 'Unix seconds, exclusive.', example: 1795521600 })
  end_time!: number;

  @ApiProperty({ type: [UsageResult], description: 'Empty where nothing was used.' })
  results!: UsageResult[];
}

/** A page of buckets, oldest first. */
export class UsagePage {
  @ApiProperty({ enum: ['page'] })
  object!: 'page';

  @ApiProperty({ type: [UsageBucket] })
  data!: UsageBucket[];

  @ApiProperty({ description: 'Whether a next page exists.' })
  has_more!: boolean;

  @ApiProperty({ type: String, nullable: true, description: 'Send it as `page` to get the next page.' })
  next_page!: string | null;
}
