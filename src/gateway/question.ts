// What doors ask of the gateway, and what they get back.
import type { ImageSource } from '../images/image-source.js';
import type {
  FinishReason,
  InferencePlan,
  InferenceRequest,
  ModelSpec,
  Timings,
} from '../inference/inference.js';
import type { TokenCounts } from '../inference/token-counts.js';
import type { AnswerForm } from '../structured-output/answer-form.js';

/** A request as a door has it: the model still by the name that the caller used, if any. */
export type DoorRequest = Omit<
  InferenceRequest,
  'model' | 'imageCount' | 'dropsUnsupported' | 'choices' | 'account'
> & {
  readonly modelName: string | null | undefined;
  readonly images: readonly ImageSource[];
  /** How many answers, each by a prediction of its own; 1 where it is absent. */
  readonly choices?: number;
  /** What the answer must look like; absent: any text. */
  readonly form?: AnswerForm;
  /** Parameters that the caller has set and no model can honour, by the caller's names. */
  readonly unsupported?: readonly string[];
};

/** A request that fits its model. Nothing was asked of the model yet. */
export interface Question {
  readonly plan: InferencePlan;
  /** The plan of each choice, by its position: the same, but for the seed. */
  readonly plans: readonly InferencePlan[];
  readonly images: readonly ImageSource[];
  readonly choices: number;
  readonly form: AnswerForm | undefined;
  /** Parameters that were left out because they cannot be honoured, by the callers' names. */
  readonly dropped: readonly string[];
}

/** One answer. */
export interface Choice {
  /** The prediction's id at its provider. */
  readonly id: string;
  readonly text: string;
  readonly finishReason: FinishReason;
}

/** All answers to a question. */
export interface Answers {
  readonly model: ModelSpec;
  /** As many as were asked for, in the order in which they were asked. */
  readonly choices: readonly [Choice, ...Choice[]];
  /** The prompt counts once, but for a form again with each further attempt at it. */
  readonly usage: TokenCounts;
  /** Of the answer that took the longest. */
  readonly timings: Timings;
  /** The most predictions that one answer took: above 1 where a form was missed at first. */
  readonly attempts: number;
}

/** An answer while it is made: a piece of the text of a choice, by its position, or its end. */
export type AnswerEvent =
  | { readonly kind: 'text'; readonly choice: number; readonly id: string; readonly text: string }
  | {
      readonly kind: 'end';
      readonly choice: number;
      readonly id: string;
      readonly finishReason: FinishReason;
    };
