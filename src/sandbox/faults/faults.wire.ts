// Reads faults that arrive as JSON at the control door, and says exactly what is wrong with a bad one.
import { isJsonObject, type JsonObject } from '../json.js';
import type { Fault } from './fault.js';
import { streamFaultKinds } from './stream-fault.js';

type Check = readonly [meaning: string, holds: (value: unknown) => boolean];

const isTrue: Check = ['true', (value) => value === true];
const isText: Check = ['a string', (value) => typeof value === 'string'];
const isFlag: Check = ['a boolean', (value) => typeof value === 'boolean'];
const isAnything: Check = ['anything', () => true];
const isCount: Check = ['a number from 0', (value) => typeof value === 'number' && value >= 0];
const isObject: Check = ['an object', isJsonObject];

const scope = { match: isObject, times: isCount };

const statusFault = {
  status: oneOf(400, 401, 402, 404, 422, 429, 500, 502, 503, 504),
  retryAfter: isCount,
  retryAfterIn: ['a list', Array.isArray] satisfies Check,
  text: oneOf('resets', 'expected', 'low-credit'),
  html: isFlag,
  body: isAnything,
};

const damage = {
  headersNever: isTrue,
  cutBody: isTrue,
  truncatedJson: isTrue,
  invalidJson: isTrue,
  bodySlow: isCount,
  hugeBody: isCount,
  missingId: isTrue,
};

const course = {
  boot: isCount,
  run: isCount,
  fail: isText,
  abort: isTrue,
  hang: isTrue,
  logs: isText,
  output: isAnything,
  metrics: isObject,
  waitStatus: oneOf('processing', 'succeeded'),
  onGet: isObject,
  onCancel: isObject,
  onStream: isObject,
  webhook: isObject,
  unlisted: isCount,
};

const streamFault = {
  kind: oneOf(...streamFaultKinds),
  after: isCount,
  ms: isCount,
  size: isCount,
};

const webhookFault = {
  drop: isTrue,
  duplicate: isCount,
  delay: isCount,
  early: isTrue,
  badSignature: isTrue,
  moreSignatures: isTrue,
  staleTimestamp: isTrue,
  reorder: isTrue,
};

const accepted = { ...course, ...damage, resetAfterAccept: isTrue, duplicateId: isTrue };

/** Reads a list of faults. Throws TypeError with the place and the reason of the first mistake. */
export function readFaults(body: unknown): Fault[] {
  if (!Array.isArray(body)) throw new TypeError('The body must be a list of faults');
  body.forEach((fault: unknown, index) => {
    checkFault(fault, `[${index}]`);
  });
  return body as Fault[];
}

function checkFault(fault: unknown, place: string): void {
  if (!isJsonObject(fault)) throw new TypeError(`${place} must be an object`);
  checkFields(fault, { ...scope, ...kindOf(fault) }, place);
  checkPart(fault.match, { model: isText, inputIncludes: isText }, `${place}.match`);
  checkLater(fault.onGet, { reset: isTrue, ...damage }, `${place}.onGet`);
  checkLater(fault.onCancel, { reset: isTrue, ...damage, ignore: isTrue }, `${place}.onCancel`);
  checkLater(fault.onStream, streamFault, `${place}.onStream`);
  if (isJsonObject(fault.onStream) && !('status' in fault.onStream) && !('kind' in fault.onStream)) {
    throw new TypeError(`${place}.onStream must have a kind or a status`);
  }
  checkPart(fault.webhook, webhookFault, `${place}.webhook`);
}

function kindOf(fault: object): Readonly<Record<string, Check>> {
  if ('status' in fault) return statusFault;
  if ('resetBeforeRead' in fault) return { resetBeforeRead: isTrue };
  if ('redirect' in fault) return { redirect: isText };
  return accepted;
}

function checkLater(part: unknown, broken: Readonly<Record<string, Check>>, place: string): void {
  const fields = isJsonObject(part) && 'status' in part ? statusFault : broken;
  checkPart(part, { ...fields, times: isCount }, place);
}

function checkPart(part: unknown, fields: Readonly<Record<string, Check>>, place: string): void {
  if (isJsonObject(part)) checkFields(part, fields, place);
}

function checkFields(object: JsonObject, fields: Readonly<Record<string, Check>>, place: string): void {
  for (const [name, value] of Object.entries(object)) {
    const check = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (!check) throw new TypeError(`${place}.${name} is not a part of this kind of fault`);
    if (!check[1](value)) throw new TypeError(`${place}.${name} must be ${check[0]}`);
  }
}

function oneOf(...values: readonly unknown[]): Check {
  return [`one of ${values.join(', ')}`, (value) => values.includes(value)];
}
