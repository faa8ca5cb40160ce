// Makes a value fit for the log, whatever it is: without secrets and pictures, of bounded size, an error as its parts.
import { isIdName, isSecretName, REDACTED, redactedText, withoutData } from './redacted-text.js';

/** Most characters of one text that are kept. */
const LENGTH = 8192;

/** Deepest level of objects that is kept, and of errors that caused others. */
const DEPTH = 5;

/** Most entries of one list or object that are kept. */
const ENTRIES = 100;

/** Most values of one message that are looked at, and most characters of their texts together. */
const VALUES = 1000;
const CHARACTERS = 65_536;

/** What may still be kept of a message. */
interface Budget {
  values: number;
  characters: number;
}

/** An error's own properties may hold anything, such as what a caller has sent: none is kept but its code. */
interface LoggableError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | undefined;
  readonly stack?: string | undefined;
  readonly cause?: unknown;
}

/** A value that can be written as JSON and tells no secret, as far as one can be told by its looks. */
export function loggable(value: unknown): unknown {
  return keep(value, { values: VALUES, characters: CHARACTERS }, 0);
}

/** A text without secrets and data URIs, and without most of what is too long. */
export function loggableText(text: string): string {
  return textWithin(text, LENGTH);
}

function keep(value: unknown, budget: Budget, depth: number): unknown {
  budget.values -= 1;
  if (typeof value === 'string') return keepText(value, budget);
  if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function')
    return keepText(String(value), budget);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (depth >= DEPTH) return '…';
  if (value instanceof Error) return keepError(value, budget, depth);
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (Array.isArray(value))
    return value
      .slice(0, ENTRIES)
      .flatMap((entry: unknown) => (budget.values > 0 ? [keep(entry, budget, depth + 1)] : []));
  const entries = Object.entries(value).slice(0, ENTRIES);
  return Object.fromEntries(
    entries.flatMap(([name, entry]) =>
      budget.values > 0 ? [[keepText(name, budget), keepField(name, entry, budget, depth + 1)]] : [],
    ),
  );
}

/** Numbers and the like stay whatever their name: `tokensPerMinute` is no secret. */
function keepField(name: string, value: unknown, budget: Budget, depth: number): unknown {
  const isOpen = typeof value === 'number' || typeof value === 'boolean' || value == null;
  if (isOpen || isIdName(name) || !isSecretName(name)) return keep(value, budget, depth);
  return REDACTED;
}

function keepText(text: string, budget: Budget): string {
  const kept = textWithin(text, Math.min(LENGTH, budget.characters));
  budget.characters = Math.max(0, budget.characters - kept.length);
  return kept;
}

function textWithin(text: string, length: number): string {
  // Cut before the search, which takes its time, and again behind it.
  const safe = withoutData(redactedText(wholeWords(text, 2 * length)));
  return text.length > 2 * length || safe.length > length ? `${safe.slice(0, length)}…` : safe;
}

/** The head of a text without the word that is cut through: half a secret does not look like one. */
function wholeWords(text: string, length: number): string {
  if (text.length <= length) return text;
  let end = length;
  // What is left of a word that is longer than this is cut off behind the search.
  while (end > length / 2 && /\S/.test(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

function keepError(error: Error, budget: Budget, depth: number): LoggableError {
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: keepText(error.message, budget),
    ...(typeof code === 'string' && { code: keepText(code, budget) }),
    ...(error.stack !== undefined && { stack: keepText(error.stack, budget) }),
    ...(error.cause !== undefined && { cause: keep(error.cause, budget, depth + 1) }),
  };
}
