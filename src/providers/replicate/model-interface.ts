// What one version of a model takes, read from its schema: which input holds what, and within which bounds.
import type { TurnJoints } from './chat-template.js';
import { findHistory, findMessages, type HistoryField, type TurnsField } from './conversation-fields.js';
import { wordsOf } from './field-names.js';
import { findImages, type ImageChannel } from './image-fields.js';
import { findSampling, findTokenLimit, type NumberField, type SamplingFields } from './number-fields.js';
import { type OutputForm, outputFormOf } from './output-form.js';
import { type Property, readSchema } from './schema.wire.js';
import { findSampler, findStop, type SamplerField, type StopField } from './switch-fields.js';
import { findPrompt, findSystem, type TextField } from './text-fields.js';

/** The inputs of one version of a model, and the form of its output. */
export interface ModelInterface {
  readonly prompt: TextField;
  readonly system?: TextField;
  /** Where whole conversations go, and where all but the question of one. */
  readonly messages?: TurnsField;
  readonly history?: HistoryField;
  /** Ways to hand it images, best first; none for a model that takes none. */
  readonly images: readonly ImageChannel[];
  readonly tokenLimit?: NumberField;
  readonly sampling: SamplingFields;
  readonly sampler?: SamplerField;
  readonly stop?: StopField;
  /** Inputs that are sent with every request, where nobody says otherwise. */
  readonly presets: Readonly<Record<string, unknown>>;
  /** Inputs that must be sent and that no request fills: only the model's operator can. */
  readonly unfilled: readonly string[];
  readonly output: OutputForm;
  /** Words of the model's chat template, which a prompt must not say: they would end the turn or name images. */
  readonly reserved?: RegExp;
  /** How turns are joined in the one prompt, in the words of its chat template, where they are known. */
  readonly joints?: TurnJoints;
}

/** A model's interface, or the reason, fit for a caller, why it cannot be asked. */
export type Reading = { readonly model: ModelInterface } | { readonly uncallable: string };

/** Reads a version's `openapi_schema`. Undefined where there is none. */
export function readModelInterface(openapiSchema: unknown): Reading | undefined {
  const schema = readSchema(openapiSchema);
  if (!schema) return undefined;
  const { inputs, unknownInputs } = schema;
  const output = outputFormOf(schema.output);
  if (output === undefined) return { uncallable: 'it answers with files, not with text' };
  const turns = { messages: findMessages(inputs), history: findHistory(inputs) };
  const turnNames = new Set(namesOf(turns));
  const images = findImages(inputs.filter(({ name }) => !turnNames.has(name)));
  const imageNames = new Set(images.flatMap(({ names }) => names));
  const others = inputs.filter(({ name }) => !imageNames.has(name));
  const prompt = findPrompt(others);
  if (!prompt) return { uncallable: 'it takes no text' };
  const fields = {
    prompt,
    system: findSystem(others.filter(({ name }) => name !== prompt.name)),
    tokenLimit: findTokenLimit(others),
    sampler: findSampler(others),
    stop: findStop(others),
  };
  const sampling = findSampling(others);
  const filled = new Set([...imageNames, ...namesOf(fields), ...namesOf(sampling)]);
  const unfilled = inputs.filter((input) => isOpen(input) && !filled.has(input.name));
  return {
    model: {
      ...present({ ...turns, ...fields }),
      prompt,
      images,
      sampling,
      presets: presetsOf(inputs, prompt),
      unfilled: [...unknownInputs, ...unfilled.map(({ name }) => name)],
      output,
    },
  };
}

function isOpen({ required, default: preset }: Property): boolean {
  return required && preset === undefined;
}

function namesOf(fields: Readonly<Record<string, { readonly name: string } | undefined>>): string[] {
  return Object.values(fields).flatMap((field) => (field ? [field.name] : []));
}

/** A default does not fill an input that must be sent: Replicate checks what it is sent, so it is sent. */
function presetsOf(inputs: readonly Property[], prompt: TextField): Record<string, unknown> {
  const defaults = inputs.flatMap(({ name, required, default: preset }) => {
    return required && preset !== undefined ? [[name, preset] as const] : [];
  });
  return Object.fromEntries([...defaults, ...inputs.flatMap((input) => toQuestionMode(input, prompt))]);
}

/**
 * A model of several tasks reads its question only in the task that is named for it, such as
 * `visual_question_answering` for the input `question`.
 */
function toQuestionMode({ name, enum: choices }: Property, prompt: TextField): [string, unknown][] {
  if (prompt.name !== 'question' && prompt.name !== 'query') return [];
  const mode = choices?.find((choice) => typeof choice === 'string' && wordsOf(choice).includes(prompt.name));
  return mode === undefined ? [] : [[name, mode]];
}

function present<Fields extends object>(
  fields: Fields,
): { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, field]) => field !== undefined)) as {
    [Key in keyof Fields]?: Exclude<Fields[Key], undefined>;
  };
}
