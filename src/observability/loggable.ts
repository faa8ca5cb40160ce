// Makes a value fit for the log, whatever it is: without secrets and pictures, of bounded size, an error as its parts.
import { redactedText } from './redacted-text.js';

/** Most characters of one text that are kept. */
const LENGTH = 8192;

/** Deepest level of objects that is kept, and of errors that caused others. */
const DEPTH = 5;

/** Most entries of one list or object that are kept. */
const ENTRIES = 100;

/** An error's own properties may hold anything, such as what a caller has sent: none is kept but its code. */
interface LoggableError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | undefined;
  readonly stack?: string | undefined;
  readonly cause?: unknown;
}

/** A value that can be written as JSON and tells no secret, as far as one can be told by its looks. */
export function loggable(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return loggableText(value);
  if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function')
    return loggableText(String(value));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (depth >= DEPTH) return '…';
  if (value instanceof Error) return loggableError(value, depth);
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (Array.isArray(value)) return value.slice(0, ENTRIES).map((entry) => loggable(entry, depth + 1));
  const entries = Object.entries(value).slice(0, ENTRIES);
  return Object.fromEntries(entries.map(([name, entry]) => [name, loggable(entry, depth + 1)]));
}

/** A text without secrets and data URIs, and without most of what is too long. */
export function loggableText(text: string): string {
  // Cut before the search, which takes its time, and again behind it, so that what the first cut has halved goes.
  const safe = redactedText(text.slice(0, 2 * LENGTH)).replace(
    /\bdata:[\w/+.-]*;base64,[^\s'"]*/gi,
    'data:…',
  );
  return text.length > 2 * LENGTH || safe.length > LENGTH ? `${safe.slice(0, LENGTH)}…` : safe;
}

function loggableError(error: Error, depth: number): LoggableError {
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: loggableText(error.message),
    ...(typeof code === 'string' && { code: loggableText(code) }),
    ...(error.stack !== undefined && { stack: loggableText(error.stack) }),
    ...(error.cause !== undefined && { cause: loggable(error.cause, depth + 1) }),
  };
}
