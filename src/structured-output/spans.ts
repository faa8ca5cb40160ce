// Finds where in a model's answer there is JSON: the whole of it, a fenced block, or an object or list in prose.
// Says nothing about whether it is good JSON.
import { type Token, tokenAt } from './tokens.ts';

/** A part of an answer that begins like JSON. */
export interface Span {
  /** What is written there. */
  readonly text: string;
  readonly tokens: readonly Token[];
  /** `closed`: up to its last bracket. `open`: brackets are missing at the end. `cut`: a text's end is missing too. */
  readonly state: 'closed' | 'open' | 'cut';
  /** The deepest nesting of brackets. */
  readonly depth: number;
}

const brackets = /[{[]/g;
const comment = /\s*\/[/*]/y;
const fence = /^\s*(?:```|~~~)/;

/** The deepest nesting that is read on: the same as of a request's body, and far more than answers have. */
export const MAX_DEPTH = 64;

/** All outermost objects and lists of an answer, in its order; a fenced block's come once more. One walk each. */
export function findSpans(text: string): Span[] {
  return [text, ...fencedBlocks(text)].flatMap(spansIn);
}

/** What stands between fences. A block whose end is missing runs to the end of the text. */
export function fencedBlocks(text: string): string[] {
  const blocks: string[] = [];
  let lines: string[] | undefined;
  for (const line of text.split('\n')) {
    if (!fence.test(line)) lines?.push(line);
    else if (lines) {
      blocks.push(lines.join('\n'));
      lines = undefined;
    } else lines = [];
  }
  if (lines) blocks.push(lines.join('\n'));
  return blocks;
}

/**
 * An object or list that begins like JSON and has no end hides everything after it: what stands in it is a part,
 * and never an answer.
 */
function spansIn(text: string): Span[] {
  const spans: Span[] = [];
  let from = 0;
  for (;;) {
    brackets.lastIndex = from;
    const start = brackets.exec(text)?.index;
    if (start === undefined) return spans;
    if (!beginsLikeJson(text, start)) {
      from = start + 1;
      continue;
    }
    const span = spanAt(text, start);
    spans.push(span);
    if (span.state !== 'closed') return spans;
    from = start + span.text.length;
  }
}

/** Tells JSON from a bracket in prose by what follows it. */
function beginsLikeJson(text: string, start: number): boolean {
  comment.lastIndex = start + 1;
  if (comment.test(text)) return true;
  const first = tokenAt(text, start + 1);
  if (!first) return true;
  const second = tokenAt(text, first.end);
  if (text[start] === '{') {
    if (first.kind === 'string' || first.kind === 'word') return second?.kind === 'colon' || !second;
    return first.text === '}' || first.kind === 'cut';
  }
  if (first.kind === 'open' || first.text === ']' || first.kind === 'cut') return true;
  if (first.kind === 'word' || first.kind === 'junk') return false;
  return !second || second.kind === 'comma' || second.text === ']';
}

function spanAt(text: string, start: number): Span {
  const tokens: Token[] = [];
  const stack: string[] = [];
  let depth = 0;
  let end = start;
  for (let token = tokenAt(text, start); token; token = tokenAt(text, end)) {
    tokens.push(token);
    end = token.end;
    if (token.kind === 'cut') return { text: text.slice(start), tokens, state: 'cut', depth };
    if (token.kind === 'open') depth = Math.max(depth, stack.push(token.text === '{' ? '}' : ']'));
    if (token.kind === 'close') close(stack, token.text);
    if (depth > MAX_DEPTH) break;
    if (stack.length === 0) return { text: text.slice(start, end), tokens, state: 'closed', depth };
  }
  return { text: text.slice(start), tokens, state: 'open', depth };
}

/** A bracket that closes an outer one closes the inner ones too, so that a mistake within does not hide the end. */
function close(stack: string[], bracket: string): void {
  const opened = stack.lastIndexOf(bracket);
  if (opened >= 0) stack.length = opened;
}
