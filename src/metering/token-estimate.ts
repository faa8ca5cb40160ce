// How many tokens a request counts as before it is answered. Reads bodies that nobody has checked yet. Pure.
import { isObject } from '../contracts/structure-checks.js';

/** OpenAI's rule of thumb: https://help.openai.com/en/articles/4936856-what-are-tokens-and-how-to-count-them */
const CHARACTERS_PER_TOKEN = 4;

/** The length of an answer that is not limited. */
const DEFAULT_ANSWER = 1024;

/** More than any limit, and still exact. */
const MOST = Number.MAX_SAFE_INTEGER;

/**
 * The tokens of a request and its answer, by the rule that OpenAI publishes: characters by four, and the longest
 * answer asked for, once for each choice. Images count for nothing. What is malformed counts as if it were absent.
 *
 * @see https://github.com/openai/openai-cookbook/blob/main/examples/api_request_parallel_processor.py
 */
export function estimateTokens(body: unknown): number {
  const fields = isObject(body) ? body : {};
  const answer = amount(fields.max_completion_tokens) ?? amount(fields.max_tokens) ?? DEFAULT_ANSWER;
  const prompt = Math.ceil(characters(fields) / CHARACTERS_PER_TOKEN);
  return Math.min(MOST, prompt + answer * (amount(fields.n) ?? 1));
}

function characters({ prompt, system, system_prompt, messages }: Readonly<Record<string, unknown>>): number {
  const contents = listed(messages).map((message) => (isObject(message) ? message.content : undefined));
  const texts = [prompt, system, system_prompt, ...contents].flatMap(listed);
  return texts.reduce<number>((sum, text) => sum + lengthOf(text), 0);
}

/** A text, or a part that is one. A part that is an image has no `text`. */
function lengthOf(part: unknown): number {
  const text = isObject(part) ? part.text : part;
  return typeof text === 'string' ? text.length : 0;
}

function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function amount(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 ? Math.min(MOST, Math.ceil(value)) : undefined;
}
