// Which inputs turn sampling on and off, and hold the texts that end an answer.
import { spelling } from './field-names.js';
import type { Property } from './schema.wire.js';

/** An input that turns sampling on, or off for greedy decoding. */
export interface SamplerField {
  readonly name: string;
  /** The model's own choice. */
  readonly default?: boolean;
  readonly required: boolean;
}

/** An input that holds texts which end an answer. */
export interface StopField {
  readonly name: string;
  /** One text, split on commas, or a list. */
  readonly container: 'csv' | 'list';
  /** The model's own stop texts, which it needs to end its turn. */
  readonly default: readonly string[];
  /** Most texts of a list, or characters of a text. */
  readonly capacity: number;
  readonly required: boolean;
}

const SAMPLERS = ['do_sample', 'use_sampling', 'sampling', 'sample', 'enable_sampling'];

const STOPS = [
  'stop',
  'stop_sequences',
  'stop_sequence',
  'stop_words',
  'stop_strings',
  'stop_string',
  'stops',
];

/** The boolean input that turns sampling on. */
export function findSampler(inputs: readonly Property[]): SamplerField | undefined {
  const found = byName(inputs, SAMPLERS).find(({ type }) => type === 'boolean');
  if (!found) return undefined;
  const { name, default: preset, required } = found;
  return {
    name,
    ...(typeof preset === 'boolean' && { default: preset }),
    required: required && preset === undefined,
  };
}

/** The input for stop texts: one text, or a list of texts. */
export function findStop(inputs: readonly Property[]): StopField | undefined {
  const found = byName(inputs, STOPS).find(isTexts);
  if (!found) return undefined;
  const { name, type, default: preset, maxItems, maxLength, required } = found;
  const container = type === 'array' ? 'list' : 'csv';
  return {
    name,
    container,
    default: textsOf(preset),
    capacity: (container === 'list' ? maxItems : maxLength) ?? Infinity,
    required: required && preset === undefined,
  };
}

function byName(inputs: readonly Property[], names: readonly string[]): Property[] {
  return names.flatMap((name) => inputs.filter((input) => spelling(input.name) === name));
}

function isTexts({ type, format, items, enum: choices }: Property): boolean {
  if (choices || format !== undefined) return false;
  if (type === 'array') return (items?.type ?? 'string') === 'string' && !items?.enum && !items?.format;
  return type === 'string';
}

function textsOf(preset: unknown): readonly string[] {
  if (typeof preset === 'string') return preset === '' ? [] : preset.split(',');
  return Array.isArray(preset) ? preset.filter((text) => typeof text === 'string') : [];
}
