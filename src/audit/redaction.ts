// What never gets into the audit log, whoever forgets what: decided by the names of fields and by the looks of texts.
import { isSecretName, REDACTED, redactedText } from '../observability/redacted-text.js';

/** Ids of ours name things and open nothing, whatever the field is called. */
const PUBLIC_ID = /^[a-z]{3}_[0-9a-f]{32}$/;

/** Deeper than anything of ours, and a circle's end. */
const MAX_DEPTH = 8;

/**
 * A copy of a value as JSON can hold it, without secrets: whole numbers of any size as numbers or texts, dates as RFC
 * 3339, no bytes. Numbers, booleans, dates and null stay even under a secret's name: `tokens_per_minute` is none.
 */
export function redacted(value: unknown): unknown {
  return copy(value, false, 0);
}

function copy(value: unknown, isSecret: boolean, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return isSecret && !PUBLIC_ID.test(value) ? REDACTED : redactedText(value);
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'boolean':
    case 'undefined':
      return value;
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    case 'object':
      return value === null ? null : copyObject(value, isSecret, depth);
    case 'function':
    case 'symbol':
      return undefined;
  }
}

function copyObject(value: object, isSecret: boolean, depth: number): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (depth >= MAX_DEPTH || ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return REDACTED;
  if (Array.isArray(value)) return value.map((item) => copy(item, isSecret, depth + 1) ?? null);
  if (isSecret) return REDACTED;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      redactedText(name),
      copy(field, isSecretName(name), depth + 1),
    ]),
  );
}
