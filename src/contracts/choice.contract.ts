// What all answers of both doors, whole or in chunks, have in common.
import { ApiProperty } from '@nestjs/swagger';

/** One of the answers, or a piece of it. */
class NumberedChoice {
  @ApiProperty({ type: 'integer', description: 'Which of the `n` answers.', example: 0 })
  index!: number;

  @ApiProperty({
    type: 'object',
    nullable: true,
    additionalProperties: true,
    example: null,
    description: 'Always null.',
  })
  logprobs!: null;
}

/** One whole answer. */
export class WholeChoice extends NumberedChoice {
  @ApiProperty({ enum: ['stop', 'length'], description: '`length` where a token limit ended the answer.' })
  finish_reason!: 'stop' | 'length';
}

/** A piece of one answer. */
export class ChunkChoice extends NumberedChoice {
  @ApiProperty({
    type: String,
    enum: ['stop', 'length', null],
    nullable: true,
    description: 'Null in all chunks of a choice but its last.',
  })
  finish_reason!: 'stop' | 'length' | null;
}
