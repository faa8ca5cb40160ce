// What becomes of an answer that has to be JSON.

/** How an answer's JSON was found. */
export type Verdict =
  /** It fits. `json` is minified, with its numbers as the model wrote them. */
  | { readonly kind: 'valid'; readonly json: string; readonly repaired: boolean }
  /** The token limit cut the JSON before it was complete, or it breaks off within a text. */
  | { readonly kind: 'truncated' }
  /**
   * No JSON that fits, or more than one. `problem` says where and what, in words for the model and the caller.
   * `isFinal` where another answer would fare no better.
   */
  | { readonly kind: 'invalid'; readonly problem: string; readonly isFinal?: boolean };

/** Most characters of a problem. */
export const PROBLEM_LENGTH = 500;

/** Cuts a problem to its most characters. */
export function cutProblem(problem: string): string {
  return problem.length <= PROBLEM_LENGTH ? problem : `${problem.slice(0, PROBLEM_LENGTH - 1)}…`;
}
