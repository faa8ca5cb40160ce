// The sandbox's own model: answers from what it sees in the pictures. Loads its libraries only when it is
// made.
import type { AnsweringModel } from '../answering/answering-model.js';
import { PHI } from '../answering/phi.js';
import { PictureReader } from './picture-reader.js';
import { TextRecogniser } from './text-recogniser.js';
import { loadSharp } from './sharp.js';
import { pictureLessAnswer, writtenAnswer } from './written-answer.js';

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
    answer: async ({ model, prompt, pictures }) => {
      const name = model === PHI ? 'Phi-3.5' : model;
      if (pictures.length === 0) return pictureLessAnswer(prompt, name);
      const seen = await Promise.all(pictures.map(({ bytes }) => reader.read(bytes)));
      return writtenAnswer(prompt, seen, name);
    },
    close: () => recogniser.close(),
  };
}
