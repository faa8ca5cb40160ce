// The sandbox's own model: answers from what it sees in the pictures. Loads its libraries only when it is
// made.
import type { AnsweringModel, Question } from '../answering/answering-model.js';
import { PHI } from '../answering/phi.js';
import { askedJson } from '../json-answers/asked-json.js';
import { jsonAnswer } from '../json-answers/json-answer.js';
import { PictureReader, type SeenPicture } from './picture-reader.js';
import { TextRecogniser } from './text-recogniser.js';
import { loadSharp } from './sharp.js';
import { pictureLessAnswer, statement, writtenAnswer, type AskedQuestion } from './written-answer.js';

/** A model that looks, and how to end it. */
export interface SeeingModel {
  readonly answer: AnsweringModel;
  /** Ends the text reader's thread. */
  close(): Promise<void>;
}

/**
 * Makes the model and starts to load its text reader, which the first picture then waits for. Throws when
 * sharp is not installed: it and Tesseract are development dependencies.
 */
export async function startSeeing(): Promise<SeeingModel> {
  const recogniser = new TextRecogniser();
  const { default: sharp } = await loadSharp();
  const reader = new PictureReader(sharp, recogniser);
  // A text reader that cannot start fails the first reading, which says why.
  recogniser.warm().catch(() => undefined);
  return {
    answer: async (question) => {
      const seen = await Promise.all(question.pictures.map(({ bytes }) => reader.read(bytes)));
      return answerTo(question, seen);
    },
    close: () => recogniser.close(),
  };
}

/** Answers the last question of a conversation, in JSON where the caller has asked for it. */
function answerTo(question: Question, seen: readonly SeenPicture[]): string {
  const { model, turns } = question;
  const last = turns.findLastIndex(({ role }) => role === 'user');
  const name = model === PHI ? 'Phi-3.5' : model;
  const asked = { question: turns[last]?.text ?? '', earlierTurns: Math.max(0, last), model: name };
  return (
    inJson(question, asked, seen) ??
    (seen.length === 0 ? pictureLessAnswer(asked) : writtenAnswer(asked, seen))
  );
}

/** Phi puts its JSON into a fence, whatever it is told; the others do not. Nothing when JSON is not asked for. */
function inJson(
  { model, systemPrompt = '', turns }: Question,
  asked: AskedQuestion,
  seen: readonly SeenPicture[],
): string | undefined {
  const said = turns.filter(({ role }) => role === 'user').map(({ text }) => text);
  const form = askedJson([systemPrompt, ...said].join('\n'));
  if (!form) return undefined;
  const value = jsonAnswer({ asked: form, pictures: seen, statement: statement(asked, seen) });
  if (value === undefined) return undefined;
  const json = JSON.stringify(value, null, 2);
  return model === PHI ? `\`\`\`json\n${json}\n\`\`\`` : json;
}
