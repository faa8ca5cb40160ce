// Decorators for fields of bodies that are lists of plain values, none of them twice. Lists of objects are in
// nested-fields.ts, lists in queries in query-fields.ts.
import { type Check } from './complaint.js';
import { field, type FieldOptions } from './fields.js';
import { listOf } from './structure-checks.js';

/** A list of elements that each pass a check and differ from each other. */
export function uniqueListOf(element: Check, bounds: { minItems?: number; maxItems: number }): Check {
  const list = listOf(element, bounds);
  return (value) => {
    const complaint = list(value);
    if (complaint) return complaint;
    const items = value as unknown[];
    return new Set(items).size === items.length
      ? undefined
      : { reason: 'invalid_value', expected: 'no element twice' };
  };
}

/** A list of different elements; `items` is the schema of one. */
export function ListField(
  options: FieldOptions<unknown[]> & { element: Check; items: object; minItems?: number; maxItems: number },
): PropertyDecorator {
  const { element, items, minItems, maxItems, ...rest } = options;
  const bounds = { ...(minItems !== undefined && { minItems }), maxItems };
  const schema = { type: 'array', items, ...bounds, uniqueItems: true } as const;
  return field(rest, schema, uniqueListOf(element, bounds));
}
