// A conversation in one prompt: in the tokens of the model's own chat template where those are known, else as
// a script that any model can read.
import type { Turn } from '../../inference/conversation.js';

/** What ends one turn and begins the next, in the tokens of a model's chat template, by whose turn begins. */
export type TurnJoints = Readonly<Record<Turn['role'], string>>;

/** One turn as the prompt has it. */
export interface Speech {
  readonly role: Turn['role'];
  readonly text: string;
}

const SPEAKERS: TurnJoints = { user: 'User', assistant: 'Assistant' };

/**
 * The prompt for a model that wraps it in one user turn itself: nothing before the first text of a user, and a
 * joint before every other. A conversation that the model began has an empty turn of the user before it.
 */
export function joinedPrompt(speeches: readonly Speech[], joints: TurnJoints): string {
  return speeches
    .map(({ role, text }, position) => (position === 0 && role === 'user' ? text : joints[role] + text))
    .join('');
}

/** The prompt as a script, which the model is to go on with: `User: …`, `Assistant: …`, and `Assistant:` last. */
export function scriptPrompt(speeches: readonly Speech[]): string {
  const lines = speeches.map(({ role, text }) => `${SPEAKERS[role]}: ${text}`);
  return [...lines, `${SPEAKERS.assistant}:`].join('\n\n');
}
