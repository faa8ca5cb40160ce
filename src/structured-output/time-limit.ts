// Stops JavaScript that runs too long, a regular expression too. It blocks its thread: for worker threads only.
import { createContext, Script } from 'node:vm';

/** The task took too long, or went too deep. */
export class TooMuch extends Error {
  override readonly name = 'TooMuch';
}

const context = createContext({ task: (): unknown => undefined });
const script = new Script('task()');

/**
 * What the task gives. It is stopped between any two steps: what it was changing is not to be used any more.
 *
 * @throws {TooMuch} when it ran longer than so many milliseconds by the clock, or filled the stack; what it throws
 */
export function within<Result>(milliseconds: number, task: () => Result): Result {
  context.task = task;
  try {
    return script.runInContext(context, { timeout: milliseconds }) as Result;
  } catch (error) {
    if (isTimeout(error) || error instanceof RangeError) throw new TooMuch('too complex', { cause: error });
    throw error;
  } finally {
    context.task = undefined;
  }
}

/** The error is of the context's realm, and no Error of ours. */
function isTimeout(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  return 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}
