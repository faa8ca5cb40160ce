// Which inputs hold the token limit and the numbers of sampling, and which values they take.
import { spelling } from './field-names.js';
import type { Property } from './schema.wire.js';

/** An input that holds a number. */
export interface NumberField {
  readonly name: string;
  readonly integer: boolean;
  /** Whether the number is sent as text. */
  readonly asText: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  /** The only values that the input takes, where it says so, as numbers and as they are sent. */
  readonly options?: ReadonlyMap<number, unknown>;
  /** The model's own choice. */
  readonly default?: number;
  /** Whether it must be sent, having no default. */
  readonly required: boolean;
}

const TOKEN_LIMITS = [
  /^max_completion_tokens$/,
  /^max_output_tokens$/,
  /^max_new_tokens$/,
  /^max_tokens$/,
  /^max_length_tokens$/,
  /^max_sequence(_|$)/,
  /^max_seq_len(gth)?$/,
  /^max_length$/,
];

/** Sampling numbers by the names that models give them, best first. */
const SAMPLING = {
  temperature: ['temperature', 'temp', 'sampling_temperature'],
  topP: ['top_p', 'topp', 'nucleus', 'nucleus_p', 'nucleus_sampling', 'p_nucleus'],
  topK: ['top_k', 'topk'],
  seed: ['seed', 'random_seed', 'rng_seed', 'manual_seed'],
  frequencyPenalty: ['frequency_penalty'],
  presencePenalty: ['presence_penalty'],
} as const;

/** Number fields of sampling. */
export type SamplingFields = { readonly [Key in keyof typeof SAMPLING]?: NumberField };

/** The input for the token limit. One with a default comes first: it is the one that is in force. */
export function findTokenLimit(inputs: readonly Property[]): NumberField | undefined {
  const fields = TOKEN_LIMITS.flatMap((pattern) => {
    return inputs.filter(({ name }) => pattern.test(spelling(name))).flatMap(toNumberField);
  });
  return fields.find((field) => field.default !== undefined) ?? fields[0];
}

/** The inputs for temperature, top_p, top_k, seed and the penalties. */
export function findSampling(inputs: readonly Property[]): SamplingFields {
  const found = Object.entries(SAMPLING).flatMap(([key, names]) => {
    const named = names.flatMap((name) => inputs.filter((input) => spelling(input.name) === name));
    return named
      .flatMap(toNumberField)
      .slice(0, 1)
      .map((field) => [key, field] as const);
  });
  return Object.fromEntries(found);
}

function toNumberField(property: Property): NumberField[] {
  const { name, type, enum: choices, default: preset, required } = property;
  const integer = type === 'integer';
  const asText = type === 'string';
  if (type === 'boolean' || type === 'array' || type === 'object') return [];
  const options = choices && numbersOf(choices);
  // A text without numbers to choose from, or to begin with, is no number.
  if (options?.size === 0 || (asText && !options && !isNumeric(preset))) return [];
  const bounds = integer ? wholeBounds(property) : property;
  return [
    {
      name,
      integer,
      asText: asText,
      ...(!asText && bounds.minimum !== undefined && { minimum: bounds.minimum }),
      ...(!asText && bounds.maximum !== undefined && { maximum: bounds.maximum }),
      ...(options && { options }),
      ...(isNumeric(preset) && { default: Number(preset) }),
      required: required && preset === undefined,
    },
  ];
}

function wholeBounds({ minimum, maximum }: Property): { minimum?: number; maximum?: number } {
  return {
    ...(minimum !== undefined && { minimum: Math.ceil(minimum) }),
    ...(maximum !== undefined && { maximum: Math.floor(maximum) }),
  };
}

function numbersOf(choices: readonly unknown[]): Map<number, unknown> {
  return new Map(choices.filter(isNumeric).map((choice) => [Number(choice), choice]));
}

function isNumeric(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value));
}
