// Puts the answers to one question together: what they cost, and how long they took. Pure.
import type { ModelSpec, Timings } from '../inference/inference.js';
import type { Settled } from '../inference/settle.js';
import type { TokenCounts } from '../inference/token-counts.js';
import type { Answers, Choice } from './question.js';

/** One answer, with all the predictions that it took. */
export interface ChoiceAnswer {
  readonly choice: Choice;
  /** Whether a stop text ended it. */
  readonly stopped: boolean;
  readonly timings: Timings;
  /** Tokens of each prediction, in order. */
  readonly usages: readonly TokenCounts[];
}

/** An answer that took one prediction. */
export function oneAttempt({ usage, stopped, ...choice }: Settled, timings: Timings): ChoiceAnswer {
  return { choice, stopped, timings, usages: [usage] };
}

/** All answers to a question. */
export function together(model: ModelSpec, answers: readonly [ChoiceAnswer, ...ChoiceAnswer[]]): Answers {
  const [first, ...others] = answers;
  const again = answers.flatMap(({ usages }) => usages.slice(1));
  const slowest = answers.reduce((a, b) => (duration(b.timings) > duration(a.timings) ? b : a));
  return {
    model,
    choices: [first.choice, ...others.map(({ choice }) => choice)],
    usage: {
      prompt: (first.usages[0]?.prompt ?? 0) + sum(again.map(({ prompt }) => prompt)),
      completion: sum(answers.flatMap(({ usages }) => usages.map(({ completion }) => completion))),
    },
    timings: slowest.timings,
    attempts: Math.max(...answers.map(({ usages }) => usages.length)),
  };
}

function duration({ queueMs, bootMs = 0, runMs = 0 }: Timings): number {
  return queueMs + bootMs + runMs;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
