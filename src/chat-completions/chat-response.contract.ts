// The wire format of an answer of `POST /v1/chat/completions`; that of a stream is in chat-chunk.contract.ts.
import { ApiProperty } from '@nestjs/swagger';
import { WholeChoice } from '../contracts/choice.contract.js';
import { ChatUsage } from './chat-usage.js';

/** What the model said. */
export class ChatAnswerMessage {
  @ApiProperty({ enum: ['assistant'] })
  role!: 'assistant';

  @ApiProperty({ example: 'A red bicycle.' })
  content!: string;

  @ApiProperty({ type: String, nullable: true, example: null, description: 'Always null.' })
  refusal!: null;

  @ApiProperty({ type: 'array', items: { type: 'object' }, maxItems: 0, description: 'Always empty.' })
  annotations!: [];
}

/** One answer. */
export class ChatChoice extends WholeChoice {
  @ApiProperty({ type: ChatAnswerMessage })
  message!: ChatAnswerMessage;
}

/** The answer to a conversation. */
export class ChatCompletion {
  @ApiProperty({
    description: "`chatcmpl-` and the prediction's id at Replicate; of several, the first one's.",
    example: 'chatcmpl-gm3qorzdhgbfurvjtvhg6dckhu',
  })
  id!: string;

  @ApiProperty({ enum: ['chat.completion'] })
  object!: 'chat.completion';

  @ApiProperty({ type: 'integer', description: 'Unix seconds.', example: 1625159073 })
  created!: number;

  @ApiProperty({ example: 'cerebro-phi3.5-vision-instruct' })
  model!: string;

  @ApiProperty({ type: [ChatChoice] })
  choices!: ChatChoice[];

  @ApiProperty({ type: ChatUsage })
  usage!: ChatUsage;

  @ApiProperty({ enum: ['default'] })
  service_tier!: 'default';

  @ApiProperty({ type: String, nullable: true, example: null, description: 'Always null.' })
  system_fingerprint!: null;
}
