// What an answer must look like, as OpenAI's `response_format` says it.
import { AnyObjectField, type KindsOfContract, ObjectField } from '../contracts/nested-fields.js';
import { BooleanField, EnumField, TextField } from '../contracts/fields.js';

/** Any text. */
export class TextFormat {
  @EnumField({ values: ['text'], required: true, description: 'Any text.' })
  type!: 'text';
}

/** Any JSON object. */
export class JsonObjectFormat {
  @EnumField({ values: ['json_object'], required: true, description: 'Any JSON object.' })
  type!: 'json_object';
}

/** A schema with its name. */
export class JsonSchemaSpec {
  @TextField({
    required: true,
    maxLength: 64,
    pattern: /^[A-Za-z0-9_-]+$/,
    description: 'What the schema describes.',
    example: 'invoice',
  })
  name!: string;

  @TextField({
    allowEmpty: true,
    maxLength: 10_000,
    description: 'What the answer is for; the model reads it.',
  })
  description?: string | null;

  @AnyObjectField({ required: true, description: 'A JSON Schema, which the answer fits.' })
  schema!: Record<string, unknown>;

  @BooleanField({ description: 'Taken, and not used: every answer is held to its schema.' })
  strict?: boolean | null;
}

/** JSON that fits a schema. */
export class JsonSchemaFormat {
  @EnumField({ values: ['json_schema'], required: true, description: 'JSON that fits a schema.' })
  type!: 'json_schema';

  @ObjectField({ contract: JsonSchemaSpec, required: true, description: 'The schema.' })
  json_schema!: JsonSchemaSpec;
}

/** A form of an answer. */
export type ResponseFormat = TextFormat | JsonObjectFormat | JsonSchemaFormat;

/** The forms, by their types. */
export const FORMATS: KindsOfContract = {
  by: 'type',
  kinds: { text: TextFormat, json_object: JsonObjectFormat, json_schema: JsonSchemaFormat },
};
