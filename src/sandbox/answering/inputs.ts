// Finds in any model's input what it calls the prompt, the pictures and the token limit.
import type { JsonObject } from '../json.js';
import type { InputProperty, PublishedVersion } from '../models/published-model.js';
import { messageImages, messageTexts } from './messages.js';

const promptNames = ['prompt', 'text', 'question', 'query', 'instruction', 'message'];
const systemNames = ['system_prompt', 'system_instruction', 'system'];
const tokenNames = [
  'max_tokens',
  'max_new_tokens',
  'max_completion_tokens',
  'max_output_tokens',
  'max_length_tokens',
  'max_length',
];

/** A picture that an input names. */
export interface PictureSource {
  /** A URL or a data URI. */
  readonly url: string;
  /** Whether its field is declared as a file, which Replicate then downloads; the model does otherwise. */
  readonly isFile: boolean;
}

/** Each input's value, or its default where the schema has one. */
export function withDefaults(input: JsonObject, version: PublishedVersion): JsonObject {
  const defaults = Object.entries(version.input.properties)
    .filter(([, property]) => property.default !== undefined)
    .map(([name, property]) => [name, property.default] as const);
  return { ...Object.fromEntries(defaults), ...input };
}

/** What is asked: the prompt, or what the users and assistants of `messages` say, for which a prompt is ignored. */
export function readPrompt(input: JsonObject): string {
  const said = messageTexts(input.messages);
  if (!said) return firstText(input, promptNames) ?? '';
  return said.flatMap(({ role, text }) => (role === 'system' ? [] : [text])).join('\n');
}

/**
 * The system prompt, if the model has one and it is set; with `messages`, what those of the system and the
 * developer say.
 */
export function readSystemPrompt(input: JsonObject): string | undefined {
  const said = messageTexts(input.messages);
  if (!said) return firstText(input, systemNames);
  const texts = said.flatMap(({ role, text }) => (role === 'system' ? [text] : []));
  return texts.length > 0 ? texts.join('\n') : undefined;
}

/** The lowest of the limits that the model knows on the tokens of its answer. */
export function readTokenLimit(input: JsonObject): number | undefined {
  const limits = tokenNames.map((name) => input[name]).filter((value) => typeof value === 'number');
  return limits.length > 0 ? Math.min(...limits) : undefined;
}

/** The pictures, in the order of the model's signature, then those of `messages`. */
export function readPictures(input: JsonObject, version: PublishedVersion): PictureSource[] {
  const named = Object.entries(version.input.properties)
    .filter(([name, property]) => isPicture(name, property))
    .sort(([, one], [, other]) => one['x-order'] - other['x-order'])
    .flatMap(([name, property]) => sources(picturesOf(name, input[name]), isFileInput(property)));
  return [...named, ...sources(messageImages(input.messages), false)];
}

function sources(values: readonly unknown[], isFile: boolean): PictureSource[] {
  return values.filter((value) => typeof value === 'string').map((url) => ({ url, isFile }));
}

function isFileInput({ format, items }: InputProperty): boolean {
  return format === 'uri' || items?.format === 'uri';
}

/** Pictures given as bare base64 become data URIs; a list becomes its items. */
function picturesOf(name: string, value: unknown): unknown[] {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  if (!name.includes('base64')) return values;
  return values.map((data) => (typeof data === 'string' ? `data:;base64,${data}` : data));
}

function isPicture(name: string, property: InputProperty): boolean {
  if (property.type === 'array') return name.includes('image');
  return property.format === 'uri' && /image|media|file_url/.test(name);
}

function firstText(input: JsonObject, names: readonly string[]): string | undefined {
  return names.map((name) => input[name]).find((value) => typeof value === 'string');
}
