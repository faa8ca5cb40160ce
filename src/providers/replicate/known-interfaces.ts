// The two public versions of the default model, known without asking, so that a bad request costs no read and
// a first one no wait. Source: predict.py of the model, and the schema that Replicate publishes for it.
import type { ModelInterface } from './model-interface.js';

const shared = {
  prompt: 'prompt',
  maxTokens: { name: 'max_new_tokens', minimum: 64, maximum: 2048 },
  temperature: { name: 'temperature', minimum: 0, maximum: 1 },
  doSample: 'do_sample',
  // A prompt that names an image which was not sent makes the model fail; the others would speak for its user.
  reserved: /<\|(?=(?:image_\d+|system|user|assistant|end|endoftext)\|>)/g,
} as const;

/** Takes addresses in one text, split on commas; the model fetches them itself. */
export const COMMA_SEPARATED_IMAGES: ModelInterface = {
  ...shared,
  images: { name: 'image_urls', form: 'csv', required: true },
};

/** Interfaces by version id. */
export const KNOWN_INTERFACES: ReadonlyMap<string, ModelInterface> = new Map([
  ['eb47203b095603b4189c941667c3e21b7aba6694af845dae9a889a348581ed17', COMMA_SEPARATED_IMAGES],
  [
    'ffcebb3e1c91ddc7eb66216dc604bc6cb843a419829364a8a407a99335450205',
    { ...shared, images: { name: 'image', form: 'uri', required: true } },
  ],
]);
