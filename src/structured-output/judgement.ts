// Decides on an answer: which JSON in it is the one that was asked for. Nothing is invented, and no choice is made
// between two.
import type { FinishReason } from '../inference/inference.ts';
import { readSpan, readTokens, type Reading } from './reading.ts';
import { isJson } from './repair.ts';
import { fencedBlocks, findSpans, type Span } from './spans.ts';
import { strayToken, tokensOf } from './tokens.ts';
import { cutProblem, type Verdict } from './verdict.ts';

/** What an answer's JSON has to fit. */
export interface Demand {
  /** What is wrong with a value; undefined where it fits. */
  fault(value: unknown): string | undefined;
  /** Whether a value is what the model was given instead of what it was to give. */
  isEcho(value: unknown): boolean;
}

interface Candidate {
  readonly reading: Reading;
  readonly length: number;
}

/** The verdict on an answer. */
export function judge(text: string, ended: FinishReason, demand: Demand): Verdict {
  const whole = text.trim();
  // Of a number alone, digits may be missing.
  if (ended === 'length' && /^[-+.\deE]+$/.test(whole)) return { kind: 'truncated' };
  if (isJson(whole)) return verdictOn([{ reading: wholeReading(whole), length: whole.length }], demand);
  const spans = findSpans(text);
  const verdict = verdictOn([...spans.map((span) => candidateOf(span, ended)), ...scalars(text)], demand);
  return verdict.kind === 'invalid' && isTruncated(spans, ended) ? { kind: 'truncated' } : verdict;
}

/** The whole is JSON: then nothing within it is an answer of its own. */
function wholeReading(whole: string): Reading {
  const [span] = findSpans(whole);
  return span && /^[{[]/.test(whole) ? readSpan(span, false) : readTokens(tokensOf(whole), false);
}

function candidateOf(span: Span, ended: FinishReason): Candidate {
  return { reading: readSpan(span, ended === 'stop'), length: span.text.length };
}

/** Texts, numbers and the like that stand alone between fences; in prose they would be everywhere. */
function scalars(text: string): Candidate[] {
  const blocks = fencedBlocks(text).map((block) => block.trim());
  return blocks
    .filter((block) => !/^[{[]/.test(block) && isJson(block))
    .map((block) => ({ reading: readTokens(tokensOf(block), false), length: block.length }));
}

function verdictOn(candidates: readonly Candidate[], demand: Demand): Verdict {
  const fitting = new Map<string, { json: string; repaired: boolean }>();
  let problem = { text: 'there is no JSON in the answer', length: 0 };
  for (const { reading, length } of candidates) {
    const fault = faultOf(reading, demand);
    if (fault !== undefined) {
      // The longest is most likely the one that was meant.
      if (length > problem.length) problem = { text: fault, length };
    } else if ('json' in reading) {
      const key = canonical(reading.value);
      const repaired = reading.repaired && (fitting.get(key)?.repaired ?? true);
      fitting.set(key, { json: fitting.get(key)?.json ?? reading.json, repaired });
    }
  }
  const [only, second] = fitting.values();
  if (second)
    return { kind: 'invalid', problem: 'the answer has more than one JSON that fits: give exactly one' };
  return only ? { kind: 'valid', ...only } : { kind: 'invalid', problem: cutProblem(problem.text) };
}

function faultOf(reading: Reading, demand: Demand): string | undefined {
  if ('problem' in reading) return reading.problem;
  if (demand.isEcho(reading.value))
    return 'the answer repeats the schema instead of giving JSON that fits it';
  return demand.fault(reading.value);
}

/**
 * Whether the end is missing. A text without an end counts as cut only where all was well before it: after a quote
 * too many, everything looks like one.
 */
function isTruncated(spans: readonly Span[], ended: FinishReason): boolean {
  const open = spans.filter(({ state }) => state !== 'closed');
  if (ended === 'length') return open.length > 0 || spans.length === 0;
  return open.some(({ state, tokens }) => state === 'cut' && !strayToken(tokens));
}

/** A text that is the same for the same value, whatever the order of its keys. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
