// The port between the sandbox's API and whatever answers: a question goes in, a text comes out.
import type { JsonObject } from '../json.js';

/** A picture as the model got it. */
export interface Picture {
  readonly url: string;
  readonly bytes: Uint8Array;
}

/** What one side has said in a conversation. */
export interface SaidTurn {
  readonly role: 'user' | 'assistant';
  readonly text: string;
}

/** What a prediction asks, whatever its model calls its inputs. */
export interface Question {
  /** `owner/name`. */
  readonly model: string;
  readonly version: string;
  /** The prompt as it came; of a model that is given messages, what their users and assistants say. */
  readonly prompt: string;
  readonly systemPrompt?: string;
  /** The conversation that the input holds, oldest first; the last one is asked. Never empty. */
  readonly turns: readonly SaidTurn[];
  /** In the order given; empty for a model without pictures. */
  readonly pictures: readonly Picture[];
  /** The input as it came. */
  readonly input: JsonObject;
  /** Fires when the prediction is canceled. */
  readonly signal: AbortSignal;
}

/** Answers a question with text. The message of what it throws becomes the prediction's `error`. */
export type AnsweringModel = (question: Question) => string | Promise<string>;

/** An answer to a GET of a picture. */
export interface FetchedPicture {
  readonly status: number;
  readonly bytes: Uint8Array;
}

/** GETs a picture; throws an Error in the words of the `requests` library. */
export type FetchPicture = (url: string, signal: AbortSignal) => Promise<FetchedPicture>;
