// Reads the JSON of a span: as it stands, or mended. What JSON.parse would lose or change is refused or kept here.
import { isJson, repair } from './repair.ts';
import { MAX_DEPTH, type Span } from './spans.ts';
import { strayToken, type Token, tokensOf } from './tokens.ts';

/** What was read, or why nothing was. */
export type Reading =
  | {
      /** Minified, with numbers as they were written. */
      readonly json: string;
      readonly value: unknown;
      readonly repaired: boolean;
    }
  | { readonly problem: string };

/** Reads a span; missing brackets at its end are added where `mayClose` says so. */
export function readSpan(span: Span, mayClose: boolean): Reading {
  if (span.depth > MAX_DEPTH) return { problem: `the JSON is nested deeper than ${MAX_DEPTH} levels` };
  if (isJson(span.text)) return readTokens(span.tokens, false);
  const repaired = repair(span.text, span.tokens, mayClose);
  return repaired === undefined ? { problem: fault(span) } : readTokens(tokensOf(repaired), true);
}

/** Reads the tokens of good JSON. */
export function readTokens(tokens: readonly Token[], repaired: boolean): Reading {
  const twice = repeatedKey(tokens);
  if (twice !== undefined)
    return { problem: `the key ${quoted(twice)} appears more than once in one object` };
  const endless = tokens.find(({ kind, text }) => kind === 'number' && !Number.isFinite(Number(text)));
  if (endless) return { problem: `the number ${endless.text.slice(0, 40)} is too large` };
  const json = minified(tokens);
  return { json, value: JSON.parse(json), repaired };
}

function minified(tokens: readonly Token[]): string {
  return tokens.map(({ kind, text }) => (kind === 'string' ? JSON.stringify(text) : text)).join('');
}

/** A key that an object has twice: readers disagree on which of its values counts. */
function repeatedKey(tokens: readonly Token[]): string | undefined {
  const objects: Set<string>[] = [];
  for (const [index, { kind, text }] of tokens.entries()) {
    if (kind === 'open') objects.push(new Set());
    if (kind === 'close') objects.pop();
    if (kind !== 'string' || tokens[index + 1]?.kind !== 'colon') continue;
    const keys = objects.at(-1);
    if (keys?.has(text)) return text;
    keys?.add(text);
  }
  return undefined;
}

/** What is wrong with a span that is no JSON. */
function fault({ tokens, state }: Span): string {
  const stray = strayToken(tokens);
  if (stray) return `${quoted(stray.text)}${after(tokens, tokens.indexOf(stray))} is not a JSON value`;
  if (state !== 'closed') return 'the JSON breaks off before its end';
  return 'the JSON is malformed: a comma, colon, bracket or value is missing or misplaced';
}

function after(tokens: readonly Token[], index: number): string {
  const key = tokens.slice(0, index).findLast((_, at) => tokens[at + 1]?.kind === 'colon');
  return key ? ` at or after the key ${quoted(key.text)}` : '';
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
