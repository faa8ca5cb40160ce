// The wire format of the ledger.
import { ApiProperty } from '@nestjs/swagger';
import { EnumField, TextField } from '../contracts/fields.js';
import { ListQuery, listPageOf } from '../contracts/list-page.contract.js';
import { QueryTimeField } from '../contracts/query-fields.js';

/** Where a prediction may be in its life; the last six are ends. */
export const STATES = [
  ...(['intent', 'sent', 'starting', 'processing'] as const),
  ...(['succeeded', 'failed', 'canceled', 'aborted', 'unknown', 'expired'] as const),
] as const;

/** How the cost of a prediction is known. */
export const BILLINGS = ['nothing', 'run_time', 'tokens', 'unpriced', 'unknown'] as const;

/** Which lines to list. */
export class LedgerQuery extends ListQuery {
  @EnumField({ values: ['asc', 'desc'], default: 'desc', description: 'Oldest or newest first.' })
  order?: 'asc' | 'desc' | null;

  @QueryTimeField({ description: 'Only what began then or later: Unix seconds or RFC 3339.' })
  start_time?: number | string | null;

  @QueryTimeField({ description: 'Only what began earlier.' })
  end_time?: number | string | null;

  @TextField({ maxLength: 64, description: 'Only of this key.' })
  api_key_id?: string | null;

  @TextField({ maxLength: 256, description: 'Only of this model, by the name that requests had for it.' })
  model?: string | null;

  @EnumField({ values: STATES, description: 'Only in this state.' })
  state?: (typeof STATES)[number] | null;

  @TextField({ maxLength: 256, description: 'Only for the request with this `x-request-id`.' })
  request_id?: string | null;
}

const moment = {
  type: 'integer',
  nullable: true,
  description: 'Unix seconds.',
  example: 1795435201,
} as const;
const count = { type: 'integer', nullable: true } as const;

/** One prediction: what it was, how it ended, what it cost. Neither prompts nor answers nor pictures are in it. */
export class LedgerEntry {
  @ApiProperty({ example: 'prd_0199f2a4c1d27e6f8a3b5c7d9e1f2a4b' })
  id!: string;

  @ApiProperty({ enum: ['ledger_entry'] })
  object!: 'ledger_entry';

  @ApiProperty({ example: 'key_0199f2a4c1d27e6f8a3b5c7d9e1f2a4c' })
  api_key_id!: string;

  @ApiProperty({ description: 'The `x-request-id` of the request.', example: 'claim-4711' })
  request_id!: string;

  @ApiProperty({ description: "By the caller's name for it.", example: 'cerebro-phi3.5-vision-instruct' })
  model!: string;

  @ApiProperty({ description: "By the provider's name for it.", example: 'jimothyjohn/phi3-vision-instruct' })
  upstream_model!: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Null where the provider chose it.',
    example: null,
  })
  upstream_version!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: "The provider's id.",
    example: 'gm3qorzdhgbfurvjtvhg6dckhu',
  })
  upstream_id!: string | null;

  @ApiProperty({ description: "Whether it ran on the tenant's own account at the provider.", example: false })
  own_upstream!: boolean;

  @ApiProperty({ enum: STATES })
  state!: (typeof STATES)[number];

  @ApiProperty({
    type: String,
    enum: [...BILLINGS, null],
    nullable: true,
    description: 'Null until it has ended.',
  })
  billing!: (typeof BILLINGS)[number] | null;

  @ApiProperty(count)
  input_tokens!: number | null;

  @ApiProperty(count)
  output_tokens!: number | null;

  @ApiProperty({ type: 'integer' })
  images!: number;

  @ApiProperty({ type: 'integer', description: 'Unix seconds.', example: 1795435200 })
  created_at!: number;

  @ApiProperty({ ...moment, description: "Unix seconds, by the provider's clock." })
  started_at!: number | null;

  @ApiProperty({ ...moment, description: "Unix seconds, by the provider's clock." })
  completed_at!: number | null;

  @ApiProperty({ ...moment, description: 'When its cost was booked, in Unix seconds.' })
  settled_at!: number | null;

  @ApiProperty({ type: 'number', nullable: true, description: 'What the provider bills by.', example: 2.384 })
  run_time_seconds!: number | null;

  @ApiProperty({
    type: 'number',
    nullable: true,
    description: 'The most that it could cost, held for it while it ran.',
  })
  held_usd!: number | null;

  @ApiProperty({
    type: 'number',
    nullable: true,
    description: 'What it cost, to the nano-dollar; null while it runs, and where nobody knows.',
    example: 0.0023244,
  })
  cost_usd!: number | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The error that its caller was told.',
    example: null,
  })
  error!: string | null;
}

/** A page of the ledger. */
export const LedgerList = listPageOf(LedgerEntry);
