// Turns the first complaint that class-validator has into an error that names the parameter, in OpenAI's words.
import type { ValidationError } from 'class-validator';
import type { Check, Complaint } from '../contracts/complaint.js';
import { CHECK } from '../contracts/fields.js';
import { ApiError } from '../errors/api-error.js';

/** The error for a request that breaks its contract: the broken rule of the first field. */
export function contractError([error]: readonly ValidationError[]): ApiError {
  if (!error) return new ApiError('invalid_value');
  const param = error.property;
  if (error.value === undefined) {
    return new ApiError('missing_required_parameter', {
      param,
      message: `Missing required parameter: '${param}'.`,
    });
  }
  const complaint = complaintAbout(error);
  if (!complaint) return new ApiError('invalid_value', { param, message: `Invalid value for '${param}'.` });
  const { at } = complaint;
  return at === undefined
    ? tell(complaint, param, error.value)
    : tell(complaint, `${param}[${at}]`, (error.value as unknown[])[at]);
}

function tell(complaint: Complaint, param: string, value: unknown): ApiError {
  return new ApiError(complaint.reason, { param, message: phrase(complaint, param, value) });
}

/** The error for a parameter that no contract knows. */
export function unknownParameter(name: string): ApiError {
  const param = shorten(name);
  return new ApiError('unknown_parameter', { param, message: `Unknown parameter: '${param}'.` });
}

/** Every field has one check, which is asked again for its words. */
function complaintAbout({ contexts, value }: ValidationError): Complaint | undefined {
  const context = contexts?.[CHECK] as { check: Check } | undefined;
  return context?.check(value);
}

function phrase({ reason, expected, bound }: Complaint, param: string, value: unknown): string {
  switch (reason) {
    case 'invalid_type':
      return `Invalid type for '${param}': expected ${expected}, but got ${typeName(value)} instead.`;
    case 'integer_below_min_value':
      return `Invalid '${param}': integer below minimum value. Expected a value >= ${bound}, but got ${String(value)} instead.`;
    case 'integer_above_max_value':
      return `Invalid '${param}': integer above maximum value. Expected a value <= ${bound}, but got ${String(value)} instead.`;
    case 'decimal_below_min_value':
      return `Invalid '${param}': decimal below minimum value. Expected a value >= ${bound}, but got ${String(value)} instead.`;
    case 'decimal_above_max_value':
      return `Invalid '${param}': decimal above maximum value. Expected a value <= ${bound}, but got ${String(value)} instead.`;
    case 'empty_string':
      return `Invalid '${param}': empty string. Expected at least one character.`;
    case 'string_above_max_length':
      return `Invalid '${param}': string too long. Expected at most ${bound} characters.`;
    case 'array_above_max_length':
      return `Invalid '${param}': array too long. Expected at most ${bound} elements.`;
    default:
      return `Invalid value for '${param}': expected ${expected}.`;
  }
}

/** A JSON value's type with its article, as OpenAI's messages name it. */
export function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  switch (typeof value) {
    case 'number':
      if (Number.isNaN(value)) return 'something else';
      if (!Number.isFinite(value)) return 'a number that is out of range';
      return Number.isInteger(value) ? 'an integer' : 'a decimal';
    case 'string':
      return 'a string';
    case 'boolean':
      return 'a boolean';
    case 'object':
      return 'an object';
    default:
      return 'nothing';
  }
}

function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
