// The wire format of budgets: what there is, what is spent, and what is left.
import { ApiProperty } from '@nestjs/swagger';
import { ListQuery } from '../contracts/list-page.contract.js';

/** Which keys to tell of. */
export class BudgetQuery extends ListQuery {}

const limit = { type: 'number', nullable: true, description: 'US dollars; null: none is set.' } as const;

/** One budget and what became of it, in US dollars. */
export class BudgetState {
  @ApiProperty(limit)
  limit_usd!: number | null;

  @ApiProperty({ type: 'number', description: 'Spent on predictions that have ended.', example: 12.5 })
  spent_usd!: number;

  @ApiProperty({ type: 'number', description: 'Held for predictions that run: the most that they can cost.' })
  held_usd!: number;

  @ApiProperty({ ...limit, description: 'What is neither spent nor held; null: there is no limit.' })
  remaining_usd!: number | null;
}

/** The budget of a calendar month, in UTC. */
export class MonthlyBudget extends BudgetState {
  @ApiProperty({ example: '2026-11' })
  period!: string;
}

/** What a tenant, or a key, has in use and has spent. */
export class AccountState {
  @ApiProperty({ type: 'integer', description: 'Predictions that run.' })
  running!: number;

  @ApiProperty({ type: MonthlyBudget })
  monthly!: MonthlyBudget;

  @ApiProperty({ type: BudgetState })
  total!: BudgetState;
}

/** The same of a key. One that has replaced another goes on with its account. */
export class KeyAccountState extends AccountState {
  @ApiProperty({
    description: 'Of the account: the id of the first of the keys that have replaced each other.',
    example: 'key_0199f2a4c1d27e6f8a3b5c7d9e1f2a4c',
  })
  id!: string;

  @ApiProperty({ type: [String], description: 'The keys that work and share the account.' })
  api_key_ids!: string[];
}

/** The budgets of a tenant and of its keys. */
export class BudgetObject {
  @ApiProperty({ enum: ['budget'] })
  object!: 'budget';

  @ApiProperty({ type: AccountState })
  tenant!: AccountState;

  @ApiProperty({ type: [KeyAccountState], description: 'Of keys that work, a page.' })
  keys!: KeyAccountState[];

  @ApiProperty({ type: String, nullable: true, description: 'Send it as `after` to get the next keys.' })
  last_id!: string | null;

  @ApiProperty({ description: 'Whether there are more keys.' })
  has_more!: boolean;
}
