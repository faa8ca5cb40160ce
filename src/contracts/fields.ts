// Decorators for the fields of requests: each states a rule once, for the check and for the OpenAPI document.
// Fields that have an inside of their own are in nested-fields.ts.
import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { IsOptional, ValidateBy } from 'class-validator';
import {
  boolean,
  choice,
  decimal,
  integer,
  LAST_SECOND,
  text,
  type TextRules,
  textOrTexts,
  timestamp,
} from './checks.js';
import type { Check } from './complaint.js';
import { declareField } from './contract-fields.js';
import { designless, orNull } from './null-schema.js';

/** What every field can say of itself. */
export interface FieldOptions<Value> {
  description: string;
  example?: Value;
  /** What holds when the caller leaves the field out, or sends null. A field without one is optional too unless `required`. */
  default?: Value;
  required?: boolean;
  /** Whether OpenAI has another field in its place by now. */
  deprecated?: boolean;
}

interface Bounds {
  min: number;
  max: number;
}

/** Key of a field's check in class-validator's contexts, where the error's words are made from. */
export const CHECK = 'check';

/** A field with this check, and this schema in the document. */
export function field<Value>(
  { required = false, ...rest }: FieldOptions<Value>,
  schema: ApiPropertyOptions,
  check: Check,
): PropertyDecorator {
  const property = { ...designless(required ? schema : orNull(schema)), ...rest, required };
  return applyDecorators(
    (target: object, name: string | symbol) => declareField(target, String(name), { check, required }),
    ApiProperty(property),
    // One rule a field: class-validator's cost is by the rule. It drops the context of an empty message.
    ValidateBy(
      { name: CHECK, validator: { validate: (value) => check(value) === undefined } },
      { message: CHECK, context: { check } },
    ),
    ...(required ? [] : [IsOptional()]),
  );
}

/** A text that is not empty, unless it may be. */
export function TextField(options: FieldOptions<string> & TextRules): PropertyDecorator {
  const { maxLength, allowEmpty, pattern, ...rest } = options;
  const schema = {
    type: String,
    ...(!allowEmpty && { minLength: 1 }),
    maxLength,
    ...(pattern && { pattern: pattern.source }),
  };
  return field(rest, schema, text(options));
}

/** One of a few texts. */
export function EnumField<Value extends string>(
  options: FieldOptions<Value> & { values: readonly Value[] },
): PropertyDecorator {
  const { values, ...rest } = options;
  return field(rest, { type: 'string', enum: [...values] }, choice(values));
}

/** A text, or a list of texts. */
export function TextOrTextsField(
  options: FieldOptions<string | string[]> & { maxLength: number; maxItems: number },
): PropertyDecorator {
  const { maxLength, maxItems, ...rest } = options;
  const one = { type: 'string', minLength: 1, maxLength } as const;
  const schema = { oneOf: [one, { type: 'array', items: one, minItems: 1, maxItems }] } as const;
  return field(rest, schema as unknown as ApiPropertyOptions, textOrTexts({ maxLength, maxItems }));
}

/** A whole number within bounds. */
export function IntegerField({ min, max, ...rest }: FieldOptions<number> & Bounds): PropertyDecorator {
  return field(rest, { type: 'integer', minimum: min, maximum: max }, integer({ min, max }));
}

/** A number within bounds. */
export function NumberField({ min, max, ...rest }: FieldOptions<number> & Bounds): PropertyDecorator {
  return field(rest, { type: 'number', minimum: min, maximum: max }, decimal({ min, max }));
}

/** True or false. */
export function BooleanField(options: FieldOptions<boolean>): PropertyDecorator {
  return field(options, { type: Boolean }, boolean);
}

/** A moment: Unix seconds, or a date and time as RFC 3339 writes them. */
export function TimestampField(options: FieldOptions<number | string>): PropertyDecorator {
  const oneOf = [
    { type: 'integer', minimum: 0, maximum: LAST_SECOND },
    { type: 'string', format: 'date-time' },
  ];
  return field(options, { oneOf }, timestamp);
}
