// What is kept of an answered prediction for a tenant that asks for it. Pure. No picture, data URI or address comes here:
// the domain has pictures as their positions.
import { type Prompt, textsOf, turnsOf } from '../inference/conversation.js';
import type { InferenceRequest } from '../inference/inference.js';

/** What was asked, as far as it is kept: what the model was told, instructions for JSON included. */
export type Asked = Pick<InferenceRequest, 'prompt' | 'system' | 'imageCount'>;

/** The texts of one prediction. */
export interface RetainedContent {
  /** `prd_…`. */
  readonly predictionId: string;
  readonly tenantId: string;
  /** For how many days it is kept. */
  readonly days: number;
  readonly asked: Asked;
  /** As the caller was given it, cut where a stop text or a limit of the caller's ends it. */
  readonly answer: string;
}

/** The same as it is stored. */
export interface RetainedRow {
  readonly predictionId: string;
  readonly tenantId: string;
  readonly days: number;
  /** JSON: `{system, turns, images}`. */
  readonly prompt: string;
  readonly answer: string;
}

/** A row that PostgreSQL takes, whatever a model has said. */
export function toRow({ asked, answer, ...rest }: RetainedContent): RetainedRow {
  const { prompt, system, imageCount } = asked;
  const said = {
    system: system === undefined ? null : storable(system),
    turns: storableTurns(prompt, imageCount),
    images: imageCount,
  };
  return { ...rest, prompt: JSON.stringify(said), answer: storable(answer) };
}

/** How much there is to keep, in UTF-16 units. */
export function sizeOf({ asked: { prompt, system = '' }, answer }: RetainedContent): number {
  return textsOf(prompt).reduce((sum, { length }) => sum + length, system.length + answer.length);
}

function storableTurns(prompt: Prompt, imageCount: number) {
  return turnsOf(prompt, imageCount).map(({ role, parts }) => ({
    role,
    // Field by field, so that a part that has more some day does not bring it here.
    parts: parts.map((part) => ('text' in part ? { text: storable(part.text) } : { image: part.image })),
  }));
}

/** PostgreSQL refuses NUL, and halves of surrogate pairs in JSON: both become U+FFFD. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}
