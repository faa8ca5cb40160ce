// The token counts that answers carry.
import { ApiProperty } from '@nestjs/swagger';
import type { TokenCounts } from '../inference/token-counts.js';

/** Tokens of a request and its answer, in the model's own vocabulary. Images are not counted. */
export class Usage {
  @ApiProperty({ type: 'integer', example: 5 })
  prompt_tokens!: number;

  @ApiProperty({ type: 'integer', example: 50 })
  completion_tokens!: number;

  @ApiProperty({ type: 'integer', example: 55 })
  total_tokens!: number;
}

/** Token counts on the wire. */
export function toUsage({ prompt, completion }: TokenCounts): Usage {
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}
