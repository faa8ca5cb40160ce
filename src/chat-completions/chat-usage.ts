// The token counts of chat answers: OpenAI's have details, in answers and in streams alike.
import { ApiProperty } from '@nestjs/swagger';
import { toUsage, Usage } from '../contracts/usage.contract.js';
import type { TokenCounts } from '../inference/token-counts.js';

/** Of the tokens of the request. */
export class PromptTokensDetails {
  @ApiProperty({ type: 'integer', description: 'Always 0: nothing is cached.', example: 0 })
  cached_tokens!: number;

  @ApiProperty({ type: 'integer', description: 'Always 0.', example: 0 })
  audio_tokens!: number;
}

/** Of the tokens of the answer. */
export class CompletionTokensDetails {
  @ApiProperty({ type: 'integer', description: 'Always 0.', example: 0 })
  reasoning_tokens!: number;

  @ApiProperty({ type: 'integer', description: 'Always 0.', example: 0 })
  audio_tokens!: number;

  @ApiProperty({ type: 'integer', description: 'Always 0.', example: 0 })
  accepted_prediction_tokens!: number;

  @ApiProperty({ type: 'integer', description: 'Always 0.', example: 0 })
  rejected_prediction_tokens!: number;
}

/** Tokens of a conversation and its answers, in the model's own vocabulary. Images are not counted. */
export class ChatUsage extends Usage {
  @ApiProperty({ type: PromptTokensDetails })
  prompt_tokens_details!: PromptTokensDetails;

  @ApiProperty({ type: CompletionTokensDetails })
  completion_tokens_details!: CompletionTokensDetails;
}

/** Token counts on the wire of chats. */
export function chatUsage(counts: TokenCounts): ChatUsage {
  return {
    ...toUsage(counts),
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
