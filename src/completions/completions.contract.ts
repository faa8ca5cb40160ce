// The wire format of `POST /v1/completions`: OpenAI's, with `image_urls` and `do_sample` of our own.
import { ApiProperty } from '@nestjs/swagger';
import { WholeChoice } from '../contracts/choice.contract.js';
import { BooleanField, IntegerField, TextField, TextOrTextsField } from '../contracts/fields.js';
import { TakesNeutral } from '../contracts/neutral-params.js';
import { SamplingFields } from '../contracts/sampling.contract.js';
import { Usage } from '../contracts/usage.contract.js';
import { MAX_IMAGES } from '../images/image-limits.js';
import { PromptField } from './prompt-field.js';
import { COMPLETION_PARAMS } from './unsupported-params.js';

/** A question about images. */
@TakesNeutral(COMPLETION_PARAMS)
export class CompletionRequest extends SamplingFields {
  @PromptField({
    required: true,
    maxLength: 500_000,
    description: 'What to ask about the images; a list holds one prompt.',
    example: 'Describe the image.',
  })
  prompt!: string | [string];

  @TextOrTextsField({
    maxLength: 16_777_216,
    maxItems: MAX_IMAGES,
    description:
      'The images, in order, separated by commas or as a list: http(s) addresses, `data:image/…;base64,` URIs, base64, or ids of uploaded files. JPEG, PNG, WebP or GIF. A comma inside an address is written %2C, or the list is used. The default model needs at least one image.',
    example: 'https://example.com/image.jpg',
  })
  image_urls?: string | string[] | null;

  @IntegerField({
    min: 1,
    max: 2_147_483_647,
    default: 1000,
    description:
      "Most tokens of the answer. The default is the default model's; other models have their own. More than the model's maximum is taken as that maximum; `finish_reason` is `length` where the limit ended the answer.",
  })
  max_tokens?: number | null;

  @TextField({
    maxLength: 500_000,
    description:
      'What the model should know before the question. Put before the prompt where the model has no place of its own for it.',
  })
  system_prompt?: string | null;

  @BooleanField({ default: false, description: 'Whether each text begins with the prompt.' })
  echo?: boolean | null;
}

/** One answer. */
export class CompletionChoice extends WholeChoice {
  @ApiProperty({ example: 'The image shows...' })
  text!: string;
}

/** The answer to a question about images. */
export class CompletionResponse {
  @ApiProperty({
    description: "The prediction's id at Replicate; of several, the first one's.",
    example: 'gm3qorzdhgbfurvjtvhg6dckhu',
  })
  id!: string;

  @ApiProperty({ enum: ['text_completion'] })
  object!: 'text_completion';

  @ApiProperty({ type: 'integer', description: 'Unix seconds.', example: 1625159073 })
  created!: number;

  @ApiProperty({ example: 'cerebro-phi3.5-vision-instruct' })
  model!: string;

  @ApiProperty({ type: [CompletionChoice] })
  choices!: CompletionChoice[];

  @ApiProperty({ type: Usage })
  usage!: Usage;
}
