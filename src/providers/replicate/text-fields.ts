// Which inputs hold the question and the system prompt.
import { spelling, wordsOf } from './field-names.js';
import type { Property } from './schema.wire.js';

/** An input that holds free text. */
export interface TextField {
  readonly name: string;
  /** In characters. */
  readonly minLength?: number;
  readonly maxLength?: number;
  /** Whether it must be sent, having no default. */
  readonly required: boolean;
}

const PROMPTS = [
  'prompt',
  'text',
  'question',
  'query',
  'instruction',
  'message',
  'input',
  'user_prompt',
  'text_prompt',
  'input_prompt',
  'prompt_text',
  'text_input',
  'input_text',
  'input_query',
  'user_message',
  'user_input',
  'instructions',
  'content',
];

const SYSTEMS = [
  'system_prompt',
  'system_instruction',
  'system',
  'system_message',
  'system_instructions',
  'sys_prompt',
  'developer_message',
];

/** Words of which one at least is in the name of a question that is called none of the above. */
const ASKING = new Set('prompt text question query instruction message ask request sentence'.split(' '));

/** Words that no question has in its name: these inputs shape an answer, or hold something else. */
const NOT_ASKING = new Set(
  (
    'template system sys negative stop stops prefix suffix pre post format schema grammar history messages ' +
    'conversation assistant model token tokens key url urls uri uris path link file name id type mode style ' +
    'role language lang voice weights adapter lora mask image images video audio base64 separator delimiter ' +
    'version eos bos context default example examples color font'
  ).split(' '),
);

/** The input for the question: by its name, else the first text that must be sent, else by a word of its name. */
export function findPrompt(inputs: readonly Property[]): TextField | undefined {
  const texts = inputs.filter(isText);
  const open = texts.filter(({ name }) => !wordsOf(name).some((word) => NOT_ASKING.has(word)));
  return toField(
    byName(texts, PROMPTS) ??
      open.find(({ required, type, default: preset }) => required && type && preset === undefined) ??
      open.find(({ name }) => wordsOf(name).some((word) => ASKING.has(word))),
  );
}

/** The input for what a model should know before the question. */
export function findSystem(inputs: readonly Property[]): TextField | undefined {
  return toField(byName(inputs.filter(isText), SYSTEMS));
}

function isText({ type, format, enum: choices }: Property): boolean {
  if (type !== 'string' && type !== undefined) return false;
  return choices === undefined && format !== 'uri' && format !== 'password';
}

function byName(inputs: readonly Property[], names: readonly string[]): Property | undefined {
  return names.flatMap((name) => inputs.filter((input) => spelling(input.name) === name))[0];
}

function toField(property: Property | undefined): TextField | undefined {
  if (!property) return undefined;
  const { name, minLength, maxLength, required, default: preset } = property;
  return {
    name,
    required: required && preset === undefined,
    ...(minLength !== undefined && { minLength }),
    ...(maxLength !== undefined && { maxLength }),
  };
}
