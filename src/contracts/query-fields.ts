// Decorators for fields of queries, whose values all come as texts: lists, times and numbers.
import { applyDecorators } from '@nestjs/common';
import type { ApiPropertyOptions } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { text, wrongType } from './checks.js';
import { below, type Check } from './complaint.js';
import { field, type FieldOptions, IntegerField, TimestampField } from './fields.js';

interface ListOptions extends Pick<FieldOptions<string>, 'description' | 'example'> {
  readonly maxItems: number;
  /** The only texts that may be in it; absent: any. */
  readonly values?: readonly string[];
}

/** Longest text of a list. */
const MAX_LENGTH = 256;

/**
 * A list of texts in a query: separated by commas, or the parameter sent once for each. OpenAI's clients send
 * `name[]`, which is a field of its own.
 */
export function QueryListField({ maxItems, values, ...rest }: ListOptions): PropertyDecorator {
  const items = { type: 'string', minLength: 1, maxLength: MAX_LENGTH, ...(values && { enum: [...values] }) };
  const one = { type: 'string', minLength: 1 };
  const schema = { oneOf: [{ type: 'array', items, maxItems }, one] };
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => split(value)),
    field(rest, schema as unknown as ApiPropertyOptions, listOf(maxItems, values)),
  );
}

/** A moment in a query: Unix seconds, or RFC 3339. */
export function QueryTimeField(options: FieldOptions<number | string>): PropertyDecorator {
  return applyDecorators(FromDigits(), TimestampField(options));
}

/** A whole number in a query. */
export function QueryIntegerField(options: Parameters<typeof IntegerField>[0]): PropertyDecorator {
  return applyDecorators(FromDigits(), IntegerField(options));
}

/** Makes a number of plain decimal digits. Every other text stays one, for its check to complain about. */
function FromDigits(): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) => {
    return typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? Number(value) : value;
  });
}

function split(value: unknown): unknown {
  const parts: unknown[] = Array.isArray(value) ? value : [value];
  if (!parts.every((part) => typeof part === 'string')) return value;
  return parts.flatMap((part) => part.split(','));
}

function listOf(maxItems: number, values: readonly string[] | undefined): Check {
  const one = text({ maxLength: MAX_LENGTH });
  return (list) => {
    if (!Array.isArray(list)) return wrongType('a list of strings');
    if (list.length > maxItems) return { reason: 'array_above_max_length', bound: maxItems };
    for (const item of list as unknown[]) {
      const isKnown = values?.includes(String(item)) ?? true;
      const complaint = one(item) ?? (isKnown ? undefined : { reason: 'invalid_value', supported: values });
      // The parameter as a whole: a place in a text between commas has no name.
      if (complaint) return below('', item, complaint);
    }
    return undefined;
  };
}
