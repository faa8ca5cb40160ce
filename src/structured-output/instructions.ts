// What a model is told about the form of its answer, and about an answer that missed it.
import { type Prompt, type Turn, turnsOf } from '../inference/conversation.js';
import type { AnswerForm } from './answer-form.js';

/** Most characters of a wrong answer that the model is shown again: it shares the input with all else. */
const MOST_SHOWN = 4000;

/**
 * The question with the demand for JSON behind it: small models obey what comes last. The schema is not shown in
 * the system message, which many models lack.
 */
export function withInstructions(form: AnswerForm, prompt: Prompt): Prompt {
  const demand = wordsFor(form);
  if (typeof prompt === 'string') return appended(prompt, demand);
  const last = prompt.findLastIndex(({ role }) => role === 'user');
  if (last < 0) return [...prompt, { role: 'user', parts: [{ text: demand }] }];
  return prompt.map((turn, index) => (index === last ? withText(turn, demand) : turn));
}

/** The conversation goes on: the model sees its answer and what is wrong with it, and is asked for the JSON alone. */
export function withCorrection(prompt: Prompt, imageCount: number, answer: string, problem: string): Prompt {
  const shown = answer.length > MOST_SHOWN ? `${answer.slice(0, MOST_SHOWN)}…` : answer;
  const correction =
    `That answer cannot be used: ${problem}.\n` +
    'Answer the question again. Reply with the corrected JSON only: no explanation, no code fence, no schema.';
  return [
    ...turnsOf(prompt, imageCount),
    // Models' own templates have no place for an empty turn.
    { role: 'assistant', parts: [{ text: shown.trim() === '' ? '(no answer)' : shown }] },
    { role: 'user', parts: [{ text: correction }] },
  ];
}

function wordsFor(form: AnswerForm): string {
  if (form.kind === 'json_object') {
    return 'Reply with exactly one JSON object and nothing else: no explanation, no code fence.';
  }
  const about = form.description === undefined ? '' : ` (${form.description})`;
  return (
    `Reply with exactly one JSON value named ${form.name}${about} and nothing else: no explanation, no code fence. ` +
    `It must fit this JSON Schema; give the data, not the schema:\n${JSON.stringify(form.schema)}`
  );
}

function withText(turn: Turn, text: string): Turn {
  const last = turn.parts.findLastIndex((part) => 'text' in part);
  if (last < turn.parts.length - 1 || last < 0) return { ...turn, parts: [...turn.parts, { text }] };
  const parts = turn.parts.map((part, index) =>
    index === last && 'text' in part ? { text: appended(part.text, text) } : part,
  );
  return { ...turn, parts };
}

function appended(text: string, demand: string): string {
  return text === '' ? demand : `${text}\n\n${demand}`;
}
