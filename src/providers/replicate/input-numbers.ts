// Numbers in a model's input: the token limit, moved into bounds, and others, refused outside of them.
import { ApiError } from '../../errors/api-error.js';
import type { NumberField } from './number-fields.js';

/** Inputs that a model's operator has fixed, by the model's own names. */
export type FixedInput = Readonly<Record<string, unknown>>;

/** A number that callers may send. */
export interface NumberParam {
  /** The caller's name of it. */
  readonly name: string;
  readonly kind: 'decimal' | 'integer';
  /** The value that asks for nothing special: a model that lacks the parameter is as good. */
  readonly neutral?: number;
}

/** The token limit's input, and the limit that will be in force, where it is known. */
export interface TokenLimitInput {
  readonly fields: Record<string, unknown>;
  readonly tokenLimit?: number;
}

/** The input for a token limit, moved into the model's bounds. */
export function tokenLimitInput(
  { name, value: maxTokens }: { name: string; value: number | undefined },
  field: NumberField | undefined,
  fixed: FixedInput,
): TokenLimitInput {
  if (!field) return { fields: {} };
  if (Object.hasOwn(fixed, field.name)) return { fields: {}, ...inForce(fixed[field.name]) };
  if (maxTokens === undefined) {
    if (field.required) throw missingParam(name);
    return { fields: {}, ...inForce(field.default) };
  }
  const tokenLimit = nearest(maxTokens, field);
  return { fields: { [field.name]: sent(tokenLimit, field) }, tokenLimit };
}

/**
 * The input for a number as the caller gave it.
 *
 * @throws {ApiError} naming the caller's parameter, for a value that the model cannot take
 */
export function numberInput(
  param: NumberParam,
  value: number | undefined,
  field: NumberField | undefined,
  fixed: FixedInput,
): Record<string, unknown> {
  if (value === undefined) return {};
  if (!field) {
    if (value === param.neutral) return {};
    throw unsupportedParam(param.name);
  }
  if (Object.hasOwn(fixed, field.name)) {
    refuseOther(param.name, value, fixed[field.name]);
    return {};
  }
  refuseUnfit(param, value, field);
  return { [field.name]: sent(value, field) };
}

/** Whether a model's field takes a value. */
export function takes(value: number, { integer, options, minimum, maximum }: NumberField): boolean {
  if (options) return options.has(value);
  if (integer && !Number.isInteger(value)) return false;
  return value >= (minimum ?? -Infinity) && value <= (maximum ?? Infinity);
}

/** The value of a field that is nearest to one, upwards where it has only some to choose from. */
export function nearest(value: number, { options, minimum, maximum }: NumberField): number {
  if (!options) return Math.min(maximum ?? Infinity, Math.max(minimum ?? -Infinity, value));
  const choices = [...options.keys()].sort((a, b) => a - b);
  return choices.find((choice) => choice >= value) ?? (choices.at(-1) as number);
}

/** A number as a field is sent it. */
export function sent(value: number, { options, asText }: NumberField): unknown {
  return options?.get(value) ?? (asText ? String(value) : value);
}

/** The answer to a parameter that a model lacks. */
export function unsupportedParam(param: string): ApiError {
  return new ApiError('unsupported_parameter', {
    param,
    message: `Unsupported parameter: '${param}' is not supported with this model.`,
  });
}

/** The answer to a request without a parameter that its model has no default for. */
export function missingParam(param: string): ApiError {
  return new ApiError('missing_required_parameter', {
    param,
    message: `Missing required parameter: '${param}'. This model has no default for it.`,
  });
}

/** Refuses a value of a parameter that the model's operator has fixed to another. */
export function refuseOther(param: string, value: unknown, fixed: unknown): void {
  if (String(value) === String(fixed)) return;
  throw new ApiError('unsupported_value', {
    param,
    message: `Unsupported value: '${param}' does not support ${String(value)} with this model, for which it is fixed.`,
  });
}

function refuseUnfit({ name, kind }: NumberParam, value: number, field: NumberField): void {
  if (takes(value, field)) return;
  const { options, minimum = -Infinity, maximum = Infinity } = field;
  if (options) {
    throw new ApiError('invalid_value', {
      param: name,
      message: `Invalid '${name}': must be one of ${[...options.keys()].join(', ')} with this model, but got ${value} instead.`,
    });
  }
  if (value > maximum) {
    throw new ApiError(`${kind}_above_max_value`, {
      param: name,
      message: `Invalid '${name}': ${kind} above maximum value. Expected a value <= ${maximum} with this model, but got ${value} instead.`,
    });
  }
  if (value < minimum) {
    throw new ApiError(`${kind}_below_min_value`, {
      param: name,
      message: `Invalid '${name}': ${kind} below minimum value. Expected a value >= ${minimum} with this model, but got ${value} instead.`,
    });
  }
  throw new ApiError('invalid_type', {
    param: name,
    message: `Invalid type for '${name}': expected an integer with this model, but got ${value} instead.`,
  });
}

function inForce(limit: unknown): { tokenLimit?: number } {
  const number = Number(limit);
  return Number.isFinite(number) && number > 0 ? { tokenLimit: number } : {};
}
