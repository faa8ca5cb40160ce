// The wire format of the frames of a streamed chat completion: OpenAI's `CreateChatCompletionStreamResponse`.
import { ApiProperty } from '@nestjs/swagger';
import { ObjectOrNull } from '../contracts/null-schema.js';
import { ChunkChoice } from '../contracts/choice.contract.js';
import { ChatUsage } from './chat-usage.js';

/** What a chunk adds to a message. */
export class ChatChunkDelta {
  @ApiProperty({ enum: ['assistant'], required: false, description: 'In the first chunk of a choice only.' })
  role?: 'assistant';

  @ApiProperty({
    required: false,
    description: 'A piece of the text. Empty in the first chunk of a choice, absent from the last.',
    example: 'A red',
  })
  content?: string;

  @ApiProperty({
    type: String,
    nullable: true,
    required: false,
    description: 'Always null; in the first chunk of a choice only.',
    example: null,
  })
  refusal?: null;
}

/** A piece of one of the answers. */
export class ChatChunkChoice extends ChunkChoice {
  @ApiProperty({ type: ChatChunkDelta })
  delta!: ChatChunkDelta;
}

/** One frame of a streamed answer. */
export class ChatCompletionChunk {
  @ApiProperty({
    description: 'The same in every chunk of an answer.',
    example: 'chatcmpl-gm3qorzdhgbfurvjtvhg6dckhu',
  })
  id!: string;

  @ApiProperty({ enum: ['chat.completion.chunk'] })
  object!: 'chat.completion.chunk';

  @ApiProperty({
    type: 'integer',
    description: 'Unix seconds, the same in every chunk.',
    example: 1755137921,
  })
  created!: number;

  @ApiProperty({ example: 'cerebro-phi3.5-vision-instruct' })
  model!: string;

  @ApiProperty({ enum: ['default'] })
  service_tier!: 'default';

  @ApiProperty({ type: String, nullable: true, description: 'Always null.', example: null })
  system_fingerprint!: null;

  @ApiProperty({
    type: [ChatChunkChoice],
    description: 'One choice; none in the last chunk with `include_usage`.',
  })
  choices!: ChatChunkChoice[];

  @ObjectOrNull(ChatUsage, {
    required: false,
    description: 'With `include_usage` only: null, and in the last chunk the counts of the whole request.',
  })
  usage?: ChatUsage | null;
}
