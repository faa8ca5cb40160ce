// The default model: its two public versions, known without asking, so that a bad request costs no read and a
// first one no wait. Source: predict.py of the model, and the schema that Replicate publishes for it.
import type { TurnJoints } from './chat-template.js';
import { type ModelInterface, readModelInterface } from './model-interface.js';

/** The default model's name at Replicate. */
export const DEFAULT_MODEL = 'jimothyjohn/phi3-vision-instruct';

/**
 * A prompt that names an image which was not sent, or names one again, makes the model fail; the other words would
 * speak for its user. Its processor is Python, whose digits are those of all scripts.
 */
const RESERVED = /<\|(?=(?:image_\p{Nd}+|system|user|assistant|end|endoftext)\|>)/gu;

/** Phi's own: the container wraps a prompt in one user turn, and numbers the images before it. */
const JOINTS: TurnJoints = {
  user: '<|end|>\n<|user|>\n',
  assistant: '<|end|>\n<|assistant|>\n',
};

/** Takes addresses in one text, split on commas; the model fetches them itself. */
export const COMMA_SEPARATED_IMAGES = versionOf('image_urls', { type: 'string' });

/** Interfaces by version id. */
export const KNOWN_INTERFACES: ReadonlyMap<string, ModelInterface> = new Map([
  ['eb47203b095603b4189c941667c3e21b7aba6694af845dae9a889a348581ed17', COMMA_SEPARATED_IMAGES],
  [
    'ffcebb3e1c91ddc7eb66216dc604bc6cb843a419829364a8a407a99335450205',
    versionOf('image', { type: 'string', format: 'uri' }),
  ],
]);

/** What is known of a model beside its schema: the words of its chat template, which callers may not say. */
export function withReservedWords(name: string, model: ModelInterface): ModelInterface {
  return name === DEFAULT_MODEL ? { ...model, reserved: RESERVED, joints: JOINTS } : model;
}

function versionOf(image: string, schema: object): ModelInterface {
  const properties = {
    [image]: schema,
    prompt: { type: 'string' },
    max_new_tokens: { type: 'integer', default: 1024, minimum: 64, maximum: 2048 },
    temperature: { type: 'number', default: 0.7, minimum: 0, maximum: 1 },
    do_sample: { type: 'boolean', default: true },
  };
  const Input = { type: 'object', required: [image, 'prompt'], properties };
  const reading = readModelInterface({ components: { schemas: { Input, Output: { type: 'string' } } } });
  if (!reading || 'uncallable' in reading) throw new Error(`${DEFAULT_MODEL} cannot be asked`);
  return withReservedWords(DEFAULT_MODEL, reading.model);
}
