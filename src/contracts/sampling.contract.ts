// The fields that the requests of both doors have: how an answer is made, how many, and whether it is streamed.
import { BooleanField, IntegerField, NumberField, TextField, TextOrTextsField } from './fields.js';
import { ObjectField } from './nested-fields.js';

/** How a stream is to be. */
export class StreamOptions {
  @BooleanField({
    description: 'Whether a last chunk, whose `choices` is empty, tells the usage of the whole request.',
  })
  include_usage?: boolean | null;

  @BooleanField({
    description: 'Padding against side channels. Not supported: true is refused, or left out.',
  })
  include_obfuscation?: boolean | null;
}

/** What every request for answers can say. */
export class SamplingFields {
  @TextField({
    maxLength: 100_000,
    description: 'The model to ask. Without it, the default model.',
    example: 'cerebro-phi3.5-vision-instruct',
  })
  model?: string | null;

  @NumberField({
    min: 0,
    max: 2,
    default: 0.7,
    description:
      "How freely the model chooses its words; 0 is greedy decoding. The default, and the maximum of 1, are the default model's; other models have their own.",
  })
  temperature?: number | null;

  @BooleanField({ default: true, description: 'Whether to sample; false is greedy decoding.' })
  do_sample?: boolean | null;

  @NumberField({
    min: 0,
    max: 1,
    description:
      'Sample from the most likely tokens that together have this probability. Not every model has it.',
  })
  top_p?: number | null;

  @IntegerField({
    min: 0,
    max: 1_000_000,
    description: 'Sample from so many of the most likely tokens. Not every model has it.',
  })
  top_k?: number | null;

  @NumberField({
    min: -2,
    max: 2,
    description: 'Holds a token back by how often it has been said; 0 is not at all. Not every model has it.',
  })
  frequency_penalty?: number | null;

  @NumberField({
    min: -2,
    max: 2,
    description: 'Holds a token back for having been said at all; 0 is not at all. Not every model has it.',
  })
  presence_penalty?: number | null;

  @IntegerField({
    min: Number.MIN_SAFE_INTEGER,
    max: Number.MAX_SAFE_INTEGER,
    description: 'For the same answer to the same question, as far as the model can. Not every model has it.',
  })
  seed?: number | null;

  @TextOrTextsField({
    maxLength: 1000,
    maxItems: 4,
    description: 'Up to four texts that end the answer; it does not contain them.',
  })
  stop?: string | string[] | null;

  @IntegerField({
    min: 1,
    max: 128,
    default: 1,
    description: 'How many answers, each by a prediction of its own, which is billed.',
  })
  n?: number | null;

  @BooleanField({
    default: false,
    description:
      'Whether the answer comes as server-sent events while it is made, with comments as a sign of life before. A model that does not stream sends its text in one piece.',
  })
  stream?: boolean | null;

  @ObjectField({ contract: StreamOptions, description: 'How a stream is to be; only with `stream`.' })
  stream_options?: StreamOptions | null;

  @TextField({
    allowEmpty: true,
    maxLength: 1000,
    description: 'Who is asking, for OpenAI. Taken, and not used.',
  })
  user?: string | null;
}
