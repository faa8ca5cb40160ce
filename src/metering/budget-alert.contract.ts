// The wire format of budget alerts: as they are listed, and as they are sent.
import { ApiProperty } from '@nestjs/swagger';
import { ListQuery, listPageOf } from '../contracts/list-page.contract.js';

/** Which alerts to list, newest first. */
export class AlertQuery extends ListQuery {}

const moment = { type: 'integer', nullable: true, example: null } as const;

/** What an alert is about. */
export class AlertFacts {
  @ApiProperty({ example: 'ten_0199f2a4c1d27e6f8a3b5c7d9e1f2a4b' })
  tenant_id!: string;

  @ApiProperty({ enum: ['tenant', 'key'], description: 'Whose budget it is.' })
  scope!: 'tenant' | 'key';

  @ApiProperty({
    description: "The tenant's id, or the id of the first of the keys that share the budget.",
    example: 'ten_0199f2a4c1d27e6f8a3b5c7d9e1f2a4b',
  })
  account_id!: string;

  @ApiProperty({ description: 'A month, in UTC, or `total`.', example: '2026-11' })
  period!: string;

  @ApiProperty({ type: 'integer', example: 80 })
  threshold_percent!: number;

  @ApiProperty({ type: 'number', example: 100 })
  budget_usd!: number;

  @ApiProperty({ type: 'number', description: 'When the threshold was reached.', example: 80.25 })
  spent_usd!: number;
}

/** An alert and its delivery. */
export class BudgetAlertObject extends AlertFacts {
  @ApiProperty({
    description: 'The `webhook-id` of each attempt.',
    example: 'evt_0b6a5f1c9d3e4e7a8f2b1c0d9e8f7a6b',
  })
  id!: string;

  @ApiProperty({ enum: ['budget_alert'] })
  object!: 'budget_alert';

  @ApiProperty({ type: 'integer', description: 'Unix seconds.', example: 1795435200 })
  created_at!: number;

  @ApiProperty({ enum: ['pending', 'delivered', 'failed'] })
  status!: 'pending' | 'delivered' | 'failed';

  @ApiProperty({ type: 'integer', description: 'Attempts that have begun.' })
  attempts!: number;

  @ApiProperty({ ...moment, description: 'When it is sent next, in Unix seconds; null where it is not.' })
  next_attempt_at!: number | null;

  @ApiProperty({ ...moment, description: 'Unix seconds.' })
  delivered_at!: number | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'What came of the last attempt.',
    example: 'status 503',
  })
  last_outcome!: string | null;
}

/** A page of alerts. */
export const BudgetAlertList = listPageOf(BudgetAlertObject);
