// The messages of a chat, by their roles.
import type { ApiPropertyOptions } from '@nestjs/swagger';
import { EnumField, TextField } from '../contracts/fields.js';
import {
  IgnoredField,
  type KindsOfContract,
  TextOrPartsField,
  UnusedField,
} from '../contracts/nested-fields.js';
import {
  ASSISTANT_PARTS,
  type ImagePart,
  MAX_TEXT,
  type RefusalPart,
  SYSTEM_PARTS,
  type TextPart,
  USER_PARTS,
} from './chat-parts.contract.js';

const NO_TOOLS = 'Models here call no tools.';
const NO_AUDIO = 'Models here make no sound.';

const OBJECT: ApiPropertyOptions = { type: 'object', additionalProperties: true };
const OBJECTS = {
  type: 'array',
  items: { type: 'object', additionalProperties: true },
} as unknown as ApiPropertyOptions;

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

class NamedMessage {
  @TextField({
    allowEmpty: true,
    maxLength: 256,
    description: 'A name for who speaks. Taken, and not used.',
  })
  name?: string | null;
}

/** What a model should know, from whoever runs it. */
export class SystemMessage extends NamedMessage {
  @EnumField({ values: ['system', 'developer'], required: true, description: 'Both are the same here.' })
  role!: 'system' | 'developer';

  @TextOrPartsField({
    required: true,
    maxLength: MAX_TEXT,
    parts: SYSTEM_PARTS,
    description: 'A text, or parts that are texts.',
    example: 'You are an insurance assessor.',
  })
  content!: string | TextPart[];
}

/** What somebody asks. */
export class UserMessage extends NamedMessage {
  @EnumField({ values: ['user'], required: true, description: 'The user.' })
  role!: 'user';

  @TextOrPartsField({
    required: true,
    maxLength: MAX_TEXT,
    parts: USER_PARTS,
    description: 'A text, or texts and images in their order.',
    example: 'Describe the image.',
  })
  content!: string | (TextPart | ImagePart)[];
}

/** What a model has answered before. Everything that its message had may be sent back. */
export class AssistantMessage extends NamedMessage {
  @EnumField({ values: ['assistant'], required: true, description: 'The model.' })
  role!: 'assistant';

  @UnusedField({
    schema: OBJECTS,
    isUnused: isEmptyList,
    hint: NO_TOOLS,
    description: 'Null or empty: models here call no tools.',
  })
  tool_calls?: unknown[] | null;

  @UnusedField({
    schema: OBJECT,
    isUnused: () => false,
    hint: NO_TOOLS,
    deprecated: true,
    description: 'Null: models here call no functions.',
  })
  function_call?: null;

  @UnusedField({
    schema: OBJECT,
    isUnused: () => false,
    hint: NO_AUDIO,
    description: 'Null: models here make no sound.',
  })
  audio?: null;

  @IgnoredField({ schema: OBJECTS, description: 'Taken, and not used.' })
  annotations?: unknown;

  @IgnoredField({
    schema: OBJECT,
    description:
      "What OpenAI's clients make of an answer's JSON, and send back with it. Taken, and not used.",
  })
  parsed?: unknown;

  @TextOrPartsField({
    maxLength: MAX_TEXT,
    parts: ASSISTANT_PARTS,
    description: 'A text, or parts that are texts. May be null where there is a `refusal`.',
    example: 'A red bicycle.',
  })
  content?: string | (TextPart | RefusalPart)[] | null;

  @TextField({ allowEmpty: true, maxLength: MAX_TEXT, description: 'The refusal, where it was one.' })
  refusal?: string | null;
}

/** A message of a chat. */
export type ChatMessage = SystemMessage | UserMessage | AssistantMessage;

/** The messages that are taken, by their roles. */
export const MESSAGES: KindsOfContract = {
  by: 'role',
  kinds: {
    system: SystemMessage,
    assistant: AssistantMessage,
    user: UserMessage,
    developer: SystemMessage,
  },
  unsupported: { tool: NO_TOOLS, function: NO_TOOLS },
};
