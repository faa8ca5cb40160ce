// The parts that a message's content is made of.
import { EnumField, TextField } from '../contracts/fields.js';
import { IgnoredField, type KindsOfContract, ObjectField } from '../contracts/nested-fields.js';

/** Most characters of one text: as many as a completion's prompt may have. */
export const MAX_TEXT = 500_000;

/** What any part may have. */
class Part {
  @IgnoredField({
    schema: { type: 'object', additionalProperties: true },
    description: 'Taken, and not used: nothing is cached.',
  })
  prompt_cache_breakpoint?: unknown;
}

/** A text. */
export class TextPart extends Part {
  @EnumField({ values: ['text'], required: true, description: 'A text.' })
  type!: 'text';

  @TextField({ required: true, allowEmpty: true, maxLength: MAX_TEXT, description: 'The text.' })
  text!: string;
}

/** Where an image is. */
export class ImageUrl {
  @TextField({
    required: true,
    maxLength: 16_777_216,
    description:
      'An http(s) address, a `data:image/…;base64,` URI, base64, or the id of an uploaded file. JPEG, PNG, WebP or GIF.',
    example: 'https://example.com/image.jpg',
  })
  url!: string;

  @EnumField({
    values: ['auto', 'low', 'high', 'original'],
    default: 'auto',
    description: 'Taken, and not used: models here look at images in their one way.',
  })
  detail?: 'auto' | 'low' | 'high' | 'original' | null;
}

/** An image. */
export class ImagePart extends Part {
  @EnumField({ values: ['image_url'], required: true, description: 'An image.' })
  type!: 'image_url';

  @ObjectField({
    contract: ImageUrl,
    required: true,
    insteadOfText: 'Send {"url": "…"}.',
    description: 'Where the image is.',
  })
  image_url!: ImageUrl;
}

/** What a model said when it refused. */
export class RefusalPart {
  @EnumField({ values: ['refusal'], required: true, description: 'A refusal.' })
  type!: 'refusal';

  @TextField({ required: true, allowEmpty: true, maxLength: MAX_TEXT, description: 'Its text.' })
  refusal!: string;
}

const MEANT_TEXT = "Did you mean 'text'?";
const MEANT_IMAGE = "Did you mean 'image_url'?";
const IMAGES_ONLY = 'Only text and images are taken.';

/** Names of the Responses API and of others for the same. */
const MISTAKES = {
  input_text: MEANT_TEXT,
  output_text: MEANT_TEXT,
  input_image: MEANT_IMAGE,
  image: MEANT_IMAGE,
};

const UNSUPPORTED = Object.fromEntries(
  ['input_audio', 'audio_url', 'file', 'input_file', 'video', 'video_url'].map((type) => [type, IMAGES_ONLY]),
);

const NO_IMAGE = { image_url: 'Images belong into messages of users.' };

/** What users send. */
export const USER_PARTS: KindsOfContract = {
  by: 'type',
  kinds: { text: TextPart, image_url: ImagePart },
  unsupported: UNSUPPORTED,
  mistakes: MISTAKES,
};

/** What systems and developers say. */
export const SYSTEM_PARTS: KindsOfContract = {
  by: 'type',
  kinds: { text: TextPart },
  unsupported: UNSUPPORTED,
  mistakes: { ...MISTAKES, ...NO_IMAGE },
};

/** What assistants said. */
export const ASSISTANT_PARTS: KindsOfContract = {
  by: 'type',
  kinds: { text: TextPart, refusal: RefusalPart },
  unsupported: UNSUPPORTED,
  mistakes: { ...MISTAKES, ...NO_IMAGE },
};
