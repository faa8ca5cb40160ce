// Decorators for the fields of forms and queries that the shared ones do not know. Same idea as contracts/fields.ts.
import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { IsOptional, ValidateBy } from 'class-validator';
import { integer } from '../contracts/checks.js';
import type { Check } from '../contracts/complaint.js';
import { declareField } from '../contracts/contract-fields.js';
import { CHECK } from '../contracts/fields.js';
import { FormFile } from './form-data.js';

interface FieldOptions {
  readonly description: string;
  readonly required?: boolean;
  readonly example?: string;
  readonly default?: string;
}

/** A file. */
export function UploadField(options: FieldOptions): PropertyDecorator {
  return field(options, { type: 'string', format: 'binary' }, (value) =>
    value instanceof FormFile ? undefined : { reason: 'invalid_type', expected: 'a file' },
  );
}

/** One of a few texts. */
export function ChoiceField(choices: readonly string[], options: FieldOptions): PropertyDecorator {
  const expected = `one of ${choices.map((choice) => `'${choice}'`).join(', ')}`;
  return field(options, { type: 'string', enum: [...choices] }, (value) =>
    choices.includes(value as string) ? undefined : { reason: 'invalid_value', expected },
  );
}

/** A whole number within bounds, as a form has it: as text. */
export function IntegerTextField({
  min,
  max,
  ...options
}: FieldOptions & { min: number; max: number }): PropertyDecorator {
  const check = integer({ min, max });
  return field(options, { type: 'integer', minimum: min, maximum: max }, (value) =>
    check(typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value),
  );
}

function field(
  { required = false, ...rest }: FieldOptions,
  schema: ApiPropertyOptions,
  check: Check,
): PropertyDecorator {
  return applyDecorators(
    (target: object, name: string | symbol) => declareField(target, String(name), { check, required }),
    ApiProperty({ ...schema, ...rest, required } as ApiPropertyOptions),
    ValidateBy(
      { name: CHECK, validator: { validate: (value) => check(value) === undefined } },
      { message: CHECK, context: { check } },
    ),
    ...(required ? [] : [IsOptional()]),
  );
}
