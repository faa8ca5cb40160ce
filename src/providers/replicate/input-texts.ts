// The question or conversation, and the system prompt, in a model's input.
import { ApiError } from '../../errors/api-error.js';
import type { Turn } from '../../inference/conversation.js';
import type { InferenceRequest } from '../../inference/inference.js';
import { namesOf, type ParamNames } from '../../inference/param-names.js';
import { joinedPrompt, scriptPrompt, type Speech } from './chat-template.js';
import type { HistoryField } from './conversation-fields.js';
import { conversationForm, isConversation } from './conversation-form.js';
import type { PlannedMessages } from './input-messages.js';
import type { FixedInput } from './input-numbers.js';
import type { ModelInterface } from './model-interface.js';
import type { TextField } from './text-fields.js';
import { mentionsFor, textOfTurn } from './turn-texts.js';

/** What a model is told, in its own inputs. */
export interface TextInput {
  readonly fields: Record<string, unknown>;
  /** Where the conversation goes into messages, all of it, with its images. */
  readonly messages?: PlannedMessages;
}

type Asked = Pick<InferenceRequest, 'prompt' | 'imageCount'> & {
  readonly system: string;
  readonly names: ParamNames;
};

/**
 * The inputs that hold what is asked, and the system prompt. A model without a system prompt, or whose operator
 * has fixed it, reads the caller's before the first text of what is asked.
 *
 * @throws {ApiError} for a text that is too long or too short for the model
 */
export function textInput(request: InferenceRequest, model: ModelInterface, fixed: FixedInput): TextInput {
  const asked = cleaned(request, model);
  const form = conversationForm(asked, model, fixed);
  if (form.kind === 'messages') return messagesOf(form.field.name, form.turns, asked, model, fixed);
  const { fields, before } = systemInput(asked, model, fixed);
  const ask = (text: string) => {
    return { [model.prompt.name]: fitText(asked.names.prompt, text, model.prompt) };
  };
  if (form.kind === 'prompt') return { fields: { ...fields, ...ask(before + promptText(asked, model)) } };
  const texts = historyTexts(form.turns, form.field, asked.imageCount);
  const history = texts.slice(0, -1).map((text, position) => (position === 0 ? before + text : text));
  return { fields: { ...fields, [form.field.name]: history, ...ask(texts.at(-1) ?? '') } };
}

/** The request without words that the model would take for its template's. */
function cleaned(request: InferenceRequest, { reserved, history }: ModelInterface): Asked {
  const { prompt, system = '', imageCount } = request;
  const tag = history?.imageTag;
  const clean = (text: string) => {
    const harmless = reserved ? text.replace(reserved, '< |') : text;
    // One tag more than there are images makes the model fail.
    return tag ? harmless.replaceAll(tag, tag.replace('<', '< ')) : harmless;
  };
  const cleanTurn = ({ role, parts }: Turn): Turn => {
    return { role, parts: parts.map((part) => ('text' in part ? { text: clean(part.text) } : part)) };
  };
  return {
    imageCount,
    system: clean(system),
    names: namesOf(request),
    prompt: typeof prompt === 'string' ? clean(prompt) : prompt.map(cleanTurn),
  };
}

/** Models do not read their other texts beside messages: what the operator has fixed of them is said in there. */
function messagesOf(
  name: string,
  turns: readonly Turn[],
  { system: asked, names }: Asked,
  { prompt, system }: ModelInterface,
  fixed: FixedInput,
): TextInput {
  if (system && asked) fitText(names.system, asked, system);
  const own = system && Object.hasOwn(fixed, system.name) ? fixed[system.name] : undefined;
  const systems = [typeof own === 'string' ? own : '', asked].filter((text) => text !== '');
  return {
    fields: {
      ...(prompt.required && { [prompt.name]: '' }),
      ...(system?.required && own === undefined && { [system.name]: '' }),
    },
    messages: { name, system: systems.join('\n\n'), turns },
  };
}

/** The system prompt in its own input, or what is to stand before the question instead. */
function systemInput(
  { system: text, names }: Asked,
  { system }: ModelInterface,
  fixed: FixedInput,
): { fields: Record<string, string>; before: string } {
  if (!system || Object.hasOwn(fixed, system.name)) return { fields: {}, before: text && `${text}\n\n` };
  const isSent = text !== '' || system.required;
  return { fields: isSent ? { [system.name]: fitText(names.system, text, system) } : {}, before: '' };
}

function historyTexts(turns: readonly Turn[], { imageTag }: HistoryField, imageCount: number): string[] {
  const markOf = imageTag === undefined ? mentionsFor(turns, imageCount) : () => imageTag;
  return turns.map((turn) => textOfTurn(turn, markOf));
}

function promptText({ prompt, imageCount }: Asked, { joints }: ModelInterface): string {
  if (typeof prompt === 'string') return prompt;
  const markOf = mentionsFor(prompt, imageCount);
  const speeches = prompt.map((turn): Speech => ({ role: turn.role, text: textOfTurn(turn, markOf) }));
  if (!isConversation(prompt)) return speeches[0]?.text ?? '';
  return joints ? joinedPrompt(speeches, joints) : scriptPrompt(speeches);
}

function fitText(param: string, text: string, { minLength = 0, maxLength = Infinity }: TextField): string {
  if (text.length < minLength || (text.length < 2 * minLength && lengthOf(text) < minLength)) {
    throw new ApiError(text === '' ? 'empty_string' : 'invalid_value', {
      param,
      message: `Invalid '${param}': string too short. Expected at least ${minLength} characters with this model.`,
    });
  }
  if (text.length > maxLength && lengthOf(text) > maxLength) {
    throw new ApiError('string_above_max_length', {
      param,
      message: `Invalid '${param}': string too long. Expected at most ${maxLength} characters with this model.`,
    });
  }
  return text;
}

/** JSON Schema counts code points. */
function lengthOf(text: string): number {
  return [...text].length;
}
