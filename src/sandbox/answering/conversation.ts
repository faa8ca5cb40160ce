// Finds the turns of a conversation in what a model is sent: messages, a history, or one prompt that holds
// them all in the model's chat tokens or in plain words.
import type { JsonObject } from '../json.js';
import type { SaidTurn } from './answering-model.js';
import { messageTexts } from './messages.js';

/** The turns of an input, oldest first. `prompt` is what it asks as one text. */
export function readTurns(input: JsonObject, prompt: string): readonly SaidTurn[] {
  const said = messageTexts(input.messages);
  if (said) return orOneTurn(said.flatMap(({ role, text }) => (role === 'system' ? [] : [{ role, text }])));
  return [...historyTurns(input.history), ...promptTurns(prompt)];
}

/** The turns in one prompt: those between Phi's or the plain template's marks, or one. */
export function promptTurns(prompt: string): readonly SaidTurn[] {
  if (PHI_MARK.test(prompt)) return orOneTurn(marked(prompt, PHI_MARK, 'user'));
  if (PLAIN_END.test(prompt)) return orOneTurn(marked(prompt.replace(PLAIN_END, ''), PLAIN_MARK, 'user'));
  return [{ role: 'user', text: prompt }];
}

/** Where Phi-3.5's chat template begins another turn; the model's container has begun the first. */
const PHI_MARK = /<\|end\|>\s*<\|(user|assistant)\|>\n?/;

const PLAIN_MARK = /(?:^|\n\n)(User|Assistant): /;
const PLAIN_END = /\n\nAssistant:\s*$/;

/** Texts between marks, each of which names whose text follows; what stands before the first is `first`'s. */
function marked(prompt: string, mark: RegExp, first: SaidTurn['role']): SaidTurn[] {
  // Splitting at a mark with a group gives texts and roles in turn.
  const [start = '', ...rest] = prompt.split(mark);
  const turns: SaidTurn[] = start === '' ? [] : [{ role: first, text: start }];
  for (let at = 0; at + 1 < rest.length; at += 2) {
    const role = rest[at]?.toLowerCase() === 'assistant' ? 'assistant' : 'user';
    turns.push({ role, text: rest[at + 1] ?? '' });
  }
  return turns;
}

/** LLaVA's `history`: what was said in turn, the user first. */
function historyTurns(history: unknown): SaidTurn[] {
  if (!Array.isArray(history)) return [];
  return history.map((text: unknown, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    text: String(text),
  }));
}

function orOneTurn(turns: readonly SaidTurn[]): readonly SaidTurn[] {
  return turns.length > 0 ? turns : [{ role: 'user', text: '' }];
}
