// The wire format of the frames of a streamed completion: OpenAI's, which calls them by the whole answer's name.
import { ApiProperty } from '@nestjs/swagger';
import { ObjectOrNull } from '../contracts/null-schema.js';
import { ChunkChoice } from '../contracts/choice.contract.js';
import { Usage } from '../contracts/usage.contract.js';

/** A piece of one of the answers. */
export class CompletionChunkChoice extends ChunkChoice {
  @ApiProperty({ description: 'Empty in the last chunk of a choice.', example: ' red' })
  text!: string;
}

/** One frame of a streamed answer. */
export class CompletionChunk {
  @ApiProperty({
    description: "The first prediction's id at Replicate, the same in every chunk of an answer.",
    example: 'gm3qorzdhgbfurvjtvhg6dckhu',
  })
  id!: string;

  @ApiProperty({ enum: ['text_completion'] })
  object!: 'text_completion';

  @ApiProperty({
    type: 'integer',
    description: 'Unix seconds, the same in every chunk.',
    example: 1625159073,
  })
  created!: number;

  @ApiProperty({ example: 'cerebro-phi3.5-vision-instruct' })
  model!: string;

  @ApiProperty({
    type: [CompletionChunkChoice],
    description: 'One choice; none in the last chunk with `include_usage`.',
  })
  choices!: CompletionChunkChoice[];

  @ObjectOrNull(Usage, {
    required: false,
    description: 'With `include_usage` only: null, and in the last chunk the counts of the whole request.',
  })
  usage?: Usage | null;
}
