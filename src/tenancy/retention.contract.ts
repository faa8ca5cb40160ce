// What a tenant has kept of its calls, in the admin API.
import { ApiProperty } from '@nestjs/swagger';
import { IntegerField } from '../contracts/fields.js';

/** A year: nothing is kept for ever. */
const DAYS = { min: 1, max: 365 };

const WORDS = 'Days for which prompts and answers are kept, never pictures. Null: nothing of them is.';

/** What is to be kept. */
export class RetentionInput {
  @IntegerField({ ...DAYS, description: WORDS, example: 30 })
  content_days?: number | null;
}

/** What is kept. */
export class RetentionObject {
  @ApiProperty({ type: 'integer', nullable: true, description: WORDS, example: null })
  content_days!: number | null;
}
