// Turns the first complaint about a request into an error that names the parameter, in OpenAI's words.
import type { ValidationError } from 'class-validator';
import { type Check, type Complaint, listed, shorten } from '../contracts/complaint.js';
import { CHECK } from '../contracts/fields.js';
import { ApiError } from '../errors/api-error.js';

/** The error for a query that breaks its contract: class-validator's first complaint. */
export function contractError([error]: readonly ValidationError[]): ApiError {
  if (!error) return new ApiError('invalid_value');
  const param = error.property;
  if (error.value === undefined) return tell({ reason: 'missing_required_parameter' }, param, undefined);
  const complaint = complaintAbout(error);
  if (!complaint) return new ApiError('invalid_value', { param, message: `Invalid value for '${param}'.` });
  const { path } = complaint;
  return path === undefined
    ? tell(complaint, param, error.value)
    : tell(complaint, param + path, complaint.value);
}

/** The error for a body that breaks its contract. */
export function bodyError(complaint: Complaint): ApiError {
  // From the body to the field is one step more, `.field`.
  return tell(complaint, (complaint.path ?? '').slice(1), complaint.value);
}

function tell(complaint: Complaint, param: string, value: unknown): ApiError {
  const sentences = [phrase(complaint, param, value), complaint.hint];
  return new ApiError(complaint.reason, { param, message: sentences.filter(Boolean).join(' ') });
}

/** The error for a parameter that no contract knows. */
export function unknownParameter(name: string): ApiError {
  return tell({ reason: 'unknown_parameter' }, shorten(name), undefined);
}

/** Every field has one check, which is asked again for its words. */
function complaintAbout({ contexts, value }: ValidationError): Complaint | undefined {
  const context = contexts?.[CHECK] as { check: Check } | undefined;
  return context?.check(value);
}

function phrase(complaint: Complaint, param: string, value: unknown): string {
  const { reason, expected, bound, supported } = complaint;
  switch (reason) {
    case 'missing_required_parameter':
      return `Missing required parameter: '${param}'.`;
    case 'unknown_parameter':
      return `Unknown parameter: '${param}'.`;
    case 'unsupported_value':
      return typeof value === 'string'
        ? `Unsupported value: '${param}' does not support '${shorten(value)}'.`
        : `Unsupported value for '${param}'.`;
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
    case 'empty_array':
      return `Invalid '${param}': empty array. Expected an array with minimum length ${bound}, but got an empty array instead.`;
    case 'array_above_max_length':
      return `Invalid '${param}': array too long. Expected at most ${bound} elements.`;
    default:
      if (supported) {
        return `Invalid value: '${shorten(String(value))}'. Supported values are: ${listed(supported)}.`;
      }
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
