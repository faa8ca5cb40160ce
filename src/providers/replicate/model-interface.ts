// What a model's version takes, read from its schema: which input field holds what, and within which bounds.

/** How a model takes images. */
export interface ImageField {
  readonly name: string;
  /** `csv`: addresses in one text, split on commas; `uri`: one address or data URI; `uris`: a list of them. */
  readonly form: 'csv' | 'uri' | 'uris';
  readonly required: boolean;
}

/** A numeric field and its bounds. */
export interface NumberInput {
  readonly name: string;
  readonly minimum: number;
  readonly maximum: number;
}

/** The inputs of one version of a model. */
export interface ModelInterface {
  readonly prompt: string;
  readonly images?: ImageField;
  readonly maxTokens?: NumberInput;
  readonly temperature?: NumberInput;
  readonly doSample?: string;
  /** Words of the model's chat template, which a prompt must not say: they would end the turn or name images. */
  readonly reserved?: RegExp;
}

interface Property {
  readonly type?: string;
  readonly format?: string;
  readonly items?: { readonly format?: string };
  readonly minimum?: number;
  readonly maximum?: number;
}

const PROMPTS = ['prompt', 'text', 'question', 'query', 'instruction'];
const IMAGES = ['image_urls', 'images', 'image_input', 'image', 'media', 'img', 'input_image', 'image_path'];
const TOKEN_LIMITS = [
  'max_tokens',
  'max_new_tokens',
  'max_completion_tokens',
  'max_output_tokens',
  'max_length_tokens',
  'max_length',
];

/**
 * Reads a version's `openapi_schema`. Undefined where it is no schema, or one without a prompt.
 */
export function readModelInterface(openapiSchema: unknown): ModelInterface | undefined {
  const { components } = asObject(openapiSchema);
  const { properties, required } = asObject(asObject(asObject(components).schemas).Input);
  const inputs = asObject(properties) as Record<string, Property>;
  const names = new Set(Object.keys(inputs));
  const pick = (candidates: readonly string[]): string | undefined =>
    candidates.find((name) => names.has(name));
  const prompt = pick(PROMPTS);
  if (prompt === undefined) return undefined;
  const image = pick(IMAGES) ?? Object.keys(inputs).find((name) => inputs[name]?.format === 'uri');
  const tokens = pick(TOKEN_LIMITS);
  return {
    prompt,
    ...(image !== undefined && {
      images: {
        name: image,
        form: imageForm(inputs[image]),
        required: Array.isArray(required) && required.includes(image),
      },
    }),
    ...(tokens !== undefined && { maxTokens: numberInput(tokens, inputs[tokens]) }),
    ...(names.has('temperature') && { temperature: numberInput('temperature', inputs.temperature) }),
    ...(names.has('do_sample') && { doSample: 'do_sample' }),
  };
}

function imageForm(property: Property | undefined): ImageField['form'] {
  if (property?.type === 'array') return 'uris';
  return property?.format === 'uri' ? 'uri' : 'csv';
}

function numberInput(name: string, property: Property | undefined): NumberInput {
  return { name, minimum: property?.minimum ?? 0, maximum: property?.maximum ?? Number.MAX_SAFE_INTEGER };
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
