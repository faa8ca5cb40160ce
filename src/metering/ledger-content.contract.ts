// The wire format of one line of the ledger with the texts of its call, where its tenant has them kept.
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ObjectOrNull } from '../contracts/null-schema.js';
import { LedgerEntry } from './ledger.contract.js';

/** A text, or the place of a picture, which itself is never kept. */
export class RetainedPart {
  @ApiPropertyOptional({ example: 'What is this?' })
  text?: string;

  @ApiPropertyOptional({ type: 'integer', description: 'A picture of the request, by its position, from 0.' })
  image?: number;
}

/** What one side said. */
export class RetainedTurn {
  @ApiProperty({ enum: ['user', 'assistant'] })
  role!: 'user' | 'assistant';

  @ApiProperty({ type: [RetainedPart] })
  parts!: RetainedPart[];
}

/** What the model was asked. */
export class RetainedPrompt {
  @ApiProperty({ type: String, nullable: true, description: 'What it was told before.', example: null })
  system!: string | null;

  @ApiProperty({ type: [RetainedTurn], description: 'The conversation, oldest turn first.' })
  turns!: RetainedTurn[];

  @ApiProperty({ type: 'integer', description: 'How many pictures came with it.', example: 1 })
  images!: number;
}

/** What was asked and answered. */
export class RetainedContentObject {
  @ApiProperty({ type: RetainedPrompt })
  prompt!: RetainedPrompt;

  @ApiProperty({ description: "The model's answer, as its caller was given it.", example: 'A red bicycle.' })
  answer!: string;

  @ApiProperty({ type: 'integer', description: 'Until when it is kept. Unix seconds.', example: 1798027200 })
  expires_at!: number;
}

/** One line of the ledger by its id. */
export class LedgerEntryWithContent extends LedgerEntry {
  @ObjectOrNull(RetainedContentObject, {
    description: 'Null where nothing is kept: see `retention` of the tenant.',
  })
  content!: RetainedContentObject | null;
}
