// Checks a create's `input` against its model's schema, in the words of the Go library gojsonschema, which
// Replicate's refusals match. Keys that the schema lacks are accepted, as there.
import type { JsonObject } from './json.js';
import type { InputProperty, PublishedVersion } from './models/published-model.js';
import type { InvalidField } from './problem.js';

/** Every complaint about an input: missing fields first, then each field in the signature's order. */
export function invalidInputFields(input: JsonObject, version: PublishedVersion): InvalidField[] {
  const missing = (version.input.required ?? []).filter((name) => !(name in input));
  return [
    ...missing.map((name) => required(name, 'input')),
    ...Object.entries(version.input.properties)
      .filter(([name]) => name in input)
      .flatMap(([name, property]) => invalidValue(name, input[name], property, version)),
  ];
}

/** The complaint about a field that is not there; `parent` is empty for the body itself. */
export function required(name: string, parent: string): InvalidField {
  return { type: 'required', field: parent, description: `${name} is required` };
}

/** The complaint about a value of another JSON type. */
export function invalidType(field: string, expected: string, value: unknown): InvalidField {
  const description = `Invalid type. Expected: ${expected}, given: ${jsonType(value)}`;
  return { type: 'invalid_type', field, description };
}

function invalidValue(
  name: string,
  value: unknown,
  property: InputProperty,
  version: PublishedVersion,
): InvalidField[] {
  if (value === null && property.nullable) return [];
  const field = `input.${name}`;
  if (property.allOf) return invalidChoice(name, value, property, version);
  if (property.type && !isOfType(value, property.type)) return [invalidType(field, property.type, value)];
  return [
    ...invalidNumber(field, value, property),
    ...invalidFormat(field, value, property.format),
    ...invalidItems(field, value, property),
  ];
}

function invalidChoice(
  name: string,
  value: unknown,
  property: InputProperty,
  version: PublishedVersion,
): InvalidField[] {
  const reference = property.allOf?.[0]?.$ref ?? '';
  const allowed = version.choices?.[reference.slice(reference.lastIndexOf('/') + 1)] ?? [];
  if (allowed.some((choice) => choice === value)) return [];
  const list = allowed.map((choice) => JSON.stringify(choice)).join(', ');
  const description = `${name} must be one of the following: ${list}`;
  return [{ type: 'enum', field: `input.${name}`, description }];
}

function invalidNumber(field: string, value: unknown, { minimum, maximum }: InputProperty): InvalidField[] {
  if (typeof value !== 'number') return [];
  if (minimum !== undefined && value < minimum) {
    return [{ type: 'number_gte', field, description: `Must be greater than or equal to ${minimum}` }];
  }
  if (maximum !== undefined && value > maximum) {
    return [{ type: 'number_lte', field, description: `Must be less than or equal to ${maximum}` }];
  }
  return [];
}

function invalidFormat(field: string, value: unknown, format: string | undefined): InvalidField[] {
  if (format !== 'uri' || typeof value !== 'string' || /^[a-z][a-z0-9+.-]*:[^\s\\]+$/i.test(value)) return [];
  return [{ type: 'format', field, description: "Does not match format 'uri'" }];
}

function invalidItems(field: string, value: unknown, { items }: InputProperty): InvalidField[] {
  if (!items || !Array.isArray(value)) return [];
  return value.flatMap((item: unknown, index) => {
    const place = `${field}.${index}`;
    if (!isOfType(item, items.type)) return [invalidType(place, items.type, item)];
    return invalidFormat(place, item, items.format);
  });
}

function isOfType(value: unknown, type: string): boolean {
  const given = jsonType(value);
  return given === type || (type === 'number' && given === 'integer');
}

function jsonType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}
