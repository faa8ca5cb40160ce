// What is wrong with an answer, in words that a model can act on.
import type { ErrorObject } from 'ajv';
import { cutProblem } from './verdict.ts';

/** Most faults that one problem names. */
const MOST = 5;

/** The parameter of ajv's error that is a key, for faults that are told together for all keys of an object. */
const keyParams: Readonly<Record<string, string>> = {
  required: 'missingProperty',
  additionalProperties: 'additionalProperty',
  unevaluatedProperties: 'unevaluatedProperty',
};

/** One problem out of all that ajv found. */
export function problemOf(errors: readonly ErrorObject[]): string {
  const faults = new Map<string, string[]>();
  for (const error of errors) {
    const { head, key } = describe(error);
    const keys = faults.get(head) ?? [];
    if (key !== undefined) keys.push(key);
    faults.set(head, keys);
    // Nobody reads more.
    if (faults.size > MOST) break;
  }
  const told = [...faults].slice(0, MOST).map(([head, keys]) => `${head}${listed(keys)}`);
  return cutProblem([...told, ...(faults.size > MOST ? ['and more'] : [])].join('; '));
}

function describe(error: ErrorObject): { head: string; key?: string } {
  const { instancePath, keyword, message = 'is invalid' } = error;
  const params = error.params as Readonly<Record<string, unknown>>;
  const place = instancePath === '' ? 'the answer' : shortened(instancePath);
  const keyParam = keyParams[keyword];
  if (keyParam === undefined) return { head: `${place} ${message}${detail(keyword, params)}` };
  const verb = keyword === 'required' ? 'lacks' : 'must not have';
  return { head: `${place} ${verb} `, key: JSON.stringify(params[keyParam]) };
}

/** What ajv's message leaves out. */
function detail(keyword: string, params: Readonly<Record<string, unknown>>): string {
  if (keyword === 'enum') return `: ${shortened(JSON.stringify(params.allowedValues))}`;
  if (keyword === 'const') return `: ${shortened(JSON.stringify(params.allowedValue))}`;
  return '';
}

function listed(keys: readonly string[]): string {
  const told = keys.slice(0, 10).map(shortened);
  return [...told, ...(keys.length > told.length ? ['and more'] : [])].join(', ');
}

function shortened(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
