// The checks of values that have an inside: objects, lists, and objects of several kinds. Each value is looked at
// once, and nothing is allocated for a flawless one: a body may have 100,000 of them.
import { text, type TextRules, wrongType } from './checks.js';
import { below, type Check, type Complaint, listed, toField } from './complaint.js';
import { type Contract, fieldsOf } from './contract-fields.js';

/** How many elements a list has. */
export interface ListBounds {
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** Objects of several kinds, told apart by one of their fields. */
export interface Kinds {
  /** The field's name. */
  readonly by: string;
  /** The kinds, by the field's value. */
  readonly kinds: Readonly<Record<string, Contract>>;
  /** Values that OpenAI knows and that are refused here, with a sentence on why. */
  readonly unsupported?: Readonly<Record<string, string>>;
  /** Values that are sent by mistake, with a sentence on what was meant. */
  readonly mistakes?: Readonly<Record<string, string>>;
}

/** An object of any kind, no list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Any JSON object. */
export const anyObject: Check = (value) => (isObject(value) ? undefined : wrongType('an object'));

/**
 * The first rule of its contract that an object breaks: unknown fields first, then in the order of the contract.
 * For a body this is class-validator's own verdict, by the same checks, for a fraction of its cost.
 */
export function contractComplaint(
  contract: Contract,
  value: Readonly<Record<string, unknown>>,
): Complaint | undefined {
  const fields = fieldsOf(contract);
  for (const name of Object.keys(value)) {
    if (!fields.has(name)) return below(toField(name), value[name], { reason: 'unknown_parameter' });
  }
  for (const [name, { check, required }] of fields) {
    const part = value[name];
    if (part === undefined && required) {
      return below(toField(name), part, { reason: 'missing_required_parameter' });
    }
    const complaint = part === undefined || (part === null && !required) ? undefined : check(part);
    if (complaint) return below(toField(name), part, complaint);
  }
  return undefined;
}

/**
 * An object that keeps a contract: no unknown fields, no required one missing.
 *
 * @param insteadOfText a sentence for those who send a text in its place
 */
export function objectOf(contract: Contract, insteadOfText?: string): Check {
  return (value) => {
    if (isObject(value)) return contractComplaint(contract, value);
    const hint = typeof value === 'string' ? insteadOfText : undefined;
    return { ...wrongType('an object'), ...(hint !== undefined && { hint }) };
  };
}

/** A list of elements that each pass a check. */
export function listOf(element: Check, { minItems = 0, maxItems = Infinity }: ListBounds): Check {
  return (value) => {
    if (!Array.isArray(value)) return wrongType('an array');
    if (value.length < minItems) return { reason: 'empty_array', bound: minItems };
    if (value.length > maxItems) return { reason: 'array_above_max_length', bound: maxItems };
    for (const [at, part] of value.entries()) {
      const complaint = element(part);
      if (complaint) return below(`[${at}]`, part, complaint);
    }
    return undefined;
  };
}

/** An object of one of several kinds. */
export function kindOf({ by, kinds, unsupported = {}, mistakes = {} }: Kinds): Check {
  const checks = new Map(Object.entries(kinds).map(([kind, contract]) => [kind, objectOf(contract)]));
  const supported = [...checks.keys()];
  const tagComplaint = (tag: unknown): Complaint => {
    if (tag === undefined) return { reason: 'missing_required_parameter' };
    if (typeof tag !== 'string') return wrongType(`one of ${listed(supported)}`);
    if (Object.hasOwn(unsupported, tag)) return { reason: 'unsupported_value', hint: unsupported[tag] };
    return {
      reason: 'invalid_value',
      supported,
      ...(Object.hasOwn(mistakes, tag) && { hint: mistakes[tag] }),
    };
  };
  return (value) => {
    if (!isObject(value)) return wrongType('an object');
    const tag = value[by];
    const check = checks.get(tag as string);
    return check ? check(value) : below(toField(by), tag, tagComplaint(tag));
  };
}

/** A text, or a list of parts; the text may be empty, which their reader judges. */
export function textOrList(rules: TextRules, list: Check): Check {
  const one = text(rules);
  return (value) => {
    if (typeof value === 'string') return one(value);
    return Array.isArray(value) ? list(value) : wrongType('a string or an array of parts');
  };
}

/** An object of so many texts at most. */
export function textMap(rules: { maxPairs: number; maxKeyLength: number; maxLength: number }): Check {
  const one = text({ maxLength: rules.maxLength, allowEmpty: true });
  return (value) => {
    if (!isObject(value)) return wrongType('an object');
    const names = Object.keys(value);
    if (names.length > rules.maxPairs) {
      return { reason: 'invalid_value', expected: `an object of at most ${rules.maxPairs} pairs` };
    }
    for (const name of names) {
      const complaint = keyComplaint(name, rules.maxKeyLength) ?? one(value[name]);
      if (complaint) return below(toField(name), value[name], complaint);
    }
    return undefined;
  };
}

/** A value that only says that something is not used: null, or one of these. */
export function onlyUnused(isUnused: (value: unknown) => boolean, hint: string): Check {
  return (value) => (isUnused(value) ? undefined : { reason: 'unsupported_value', hint });
}

function keyComplaint(name: string, maxLength: number): Complaint | undefined {
  if (name.length <= maxLength) return undefined;
  return { reason: 'invalid_value', expected: `a key of at most ${maxLength} characters` };
}
