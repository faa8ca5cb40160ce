// How an answer is to be sampled, and where it is to stop, in a model's own fields.
import { ApiError } from '../../errors/api-error.js';
import type { Sampling } from '../../inference/inference.js';
import {
  type FixedInput,
  missingParam,
  nearest,
  numberInput,
  type NumberParam,
  refuseOther,
  sent,
  takes,
  unsupportedParam,
} from './input-numbers.js';
import type { ModelInterface } from './model-interface.js';
import type { StopField } from './switch-fields.js';

/** What callers call the numbers of sampling. */
export const NUMBER_PARAMS = {
  temperature: { name: 'temperature', kind: 'decimal', neutral: 1 },
  topP: { name: 'top_p', kind: 'decimal', neutral: 1 },
  topK: { name: 'top_k', kind: 'integer', neutral: 0 },
  seed: { name: 'seed', kind: 'integer' },
  frequencyPenalty: { name: 'frequency_penalty', kind: 'decimal', neutral: 0 },
  presencePenalty: { name: 'presence_penalty', kind: 'decimal', neutral: 0 },
} as const satisfies Record<string, NumberParam>;

const NUMBERS = ['temperature', 'topP', 'topK', 'seed', 'frequencyPenalty', 'presencePenalty'] as const;

const KEYS = [...NUMBERS, 'doSample'] as const;
type Key = (typeof KEYS)[number];

/** The inputs for sampling, and what was left out of them. */
export interface SamplingInput {
  readonly fields: Record<string, unknown>;
  /** What the caller asks for and the model lacks, by the callers' names, where the caller drops that. */
  readonly dropped: readonly string[];
}

interface Honoured {
  readonly sampling: Sampling;
  readonly fields: Record<string, unknown>;
  readonly dropped: readonly Key[];
}

/**
 * The inputs for sampling: what the caller asks for, and of the model's defaults in the catalogue as much as
 * the model takes beside it.
 *
 * @throws {ApiError} naming the caller's parameter that the model cannot take
 */
export function samplingInput(
  asked: Sampling & { readonly dropsUnsupported?: boolean },
  defaults: Sampling,
  model: ModelInterface,
  fixed: FixedInput,
): SamplingInput {
  const honoured = honour(pickSampling(asked), asked.dropsUnsupported ?? false, model, fixed);
  let { sampling, fields } = honoured;
  for (const key of KEYS) {
    if (sampling[key] !== undefined || defaults[key] === undefined) continue;
    const more = { ...sampling, [key]: defaults[key] };
    const filled = ifTaken(() => fieldsOf(more, model, fixed));
    if (filled) [sampling, fields] = [more, filled];
  }
  return {
    fields: { ...fields, ...requiredFields(sampling, fields, model, fixed) },
    dropped: KEYS.filter((key) => honoured.dropped.includes(key)).map(paramOf),
  };
}

/** The input for stop texts, beside the model's own; {} where they do not fit: the gateway cuts answers anyway. */
export function stopInput(
  stop: readonly string[] = [],
  field: StopField | undefined,
  fixed: FixedInput,
): Record<string, unknown> {
  if (!field || Object.hasOwn(fixed, field.name)) return {};
  const isList = field.container === 'list';
  // Models split on commas, and may trim: a line break would become an empty text, which ends every answer.
  const fitting = stop.filter(
    (text) => text !== '' && (isList || (!text.includes(',') && text.trim() !== '')),
  );
  if (fitting.length === 0 && !field.required) return {};
  const texts = [...new Set([...field.default, ...fitting])];
  const value = isList ? texts : texts.join(',');
  if (value.length <= field.capacity) return { [field.name]: value };
  return field.required ? { [field.name]: isList ? [] : '' } : {};
}

function pickSampling(from: Sampling, without?: Key): Sampling {
  const keys = KEYS.filter((key) => key !== without && from[key] !== undefined);
  return Object.fromEntries(keys.map((key) => [key, from[key]]));
}

/** The fields for what is asked; of what the model lacks, where that may be, for the rest. */
function honour(sampling: Sampling, drops: boolean, model: ModelInterface, fixed: FixedInput): Honoured {
  try {
    return { sampling, fields: fieldsOf(sampling, model, fixed), dropped: [] };
  } catch (error) {
    const isLacking = error instanceof ApiError && error.reason === 'unsupported_parameter';
    const key = isLacking ? KEYS.find((name) => paramOf(name) === error.param) : undefined;
    if (!drops || key === undefined || sampling[key] === undefined) throw error;
    const rest = honour(pickSampling(sampling, key), drops, model, fixed);
    return { ...rest, dropped: [key, ...rest.dropped] };
  }
}

function paramOf(key: Key): string {
  return key === 'doSample' ? 'do_sample' : NUMBER_PARAMS[key].name;
}

function fieldsOf(sampling: Sampling, model: ModelInterface, fixed: FixedInput): Record<string, unknown> {
  const decoding = decodingFields(sampling, model, fixed);
  const others = NUMBERS.filter((key) => key !== 'temperature').flatMap((key) => {
    return Object.entries(numberInput(NUMBER_PARAMS[key], sampling[key], model.sampling[key], fixed));
  });
  return { ...decoding, ...Object.fromEntries(others) };
}

/**
 * Greedy decoding is the sampler turned off, or temperature 0 for a model without one: transformers refuses a
 * temperature of 0 together with sampling.
 */
function decodingFields(
  { temperature, doSample }: Sampling,
  { sampling, sampler }: ModelInterface,
  fixed: FixedInput,
): Record<string, unknown> {
  const field = sampling.temperature;
  const isFixed = field !== undefined && Object.hasOwn(fixed, field.name);
  if (!sampler) {
    if (doSample !== false || temperature === 0) {
      return numberInput(NUMBER_PARAMS.temperature, temperature, field, fixed);
    }
    if (!field || isFixed || !takes(0, field)) throw unsupportedParam('do_sample');
    return { [field.name]: sent(0, field) };
  }
  if (temperature === 0) {
    if (isFixed) refuseOther('temperature', 0, fixed[field.name]);
    return switchField('temperature', 0, false, sampler.name, fixed);
  }
  // A temperature asks for sampling, also of a model that does none by itself.
  const isMeant = temperature !== undefined && field && sampler.default === false;
  const implied = isMeant && !Object.hasOwn(fixed, sampler.name) ? true : undefined;
  const sample = doSample ?? implied;
  return {
    ...numberInput(NUMBER_PARAMS.temperature, temperature, field, fixed),
    ...(sample !== undefined && switchField('do_sample', sample, sample, sampler.name, fixed)),
  };
}

function switchField(
  param: string,
  value: unknown,
  sample: boolean,
  name: string,
  fixed: FixedInput,
): Record<string, boolean> {
  if (!Object.hasOwn(fixed, name)) return { [name]: sample };
  if (fixed[name] !== sample) refuseOther(param, value, undefined);
  return {};
}

/** Fields that must be sent and that nothing has filled yet. Sampling is OpenAI's own default. */
function requiredFields(
  { temperature }: Sampling,
  fields: Record<string, unknown>,
  { sampling, sampler }: ModelInterface,
  fixed: FixedInput,
): Record<string, unknown> {
  const isMissing = (field: { name: string; required: boolean } | undefined) =>
    field?.required && !Object.hasOwn(fields, field.name) && !Object.hasOwn(fixed, field.name);
  const missing = NUMBERS.find((key) => isMissing(sampling[key]));
  const idle = missing === 'temperature' && temperature === 0 ? sampling.temperature : undefined;
  if (missing && !idle) throw missingParam(NUMBER_PARAMS[missing].name);
  return {
    ...(sampler && isMissing(sampler) && { [sampler.name]: true }),
    // Read by nobody while the sampler is off, but asked for.
    ...(idle && { [idle.name]: sent(nearest(1, idle), idle) }),
  };
}

function ifTaken<Value>(make: () => Value): Value | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}
