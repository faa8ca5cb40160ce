// The thread that compiles callers' schemas and judges answers by them, where nothing else waits for it. Runs as it
// stands under Node's type stripping: imports end in `.ts`, and there is only syntax that can be erased.
import { LRUCache } from 'lru-cache';
import type { FinishReason } from '../inference/inference.ts';
import { anyObject, fitting } from './demand.ts';
import { judge } from './judgement.ts';
import { type CompiledSchema, compileSchema, SchemaProblem } from './schema.ts';
import { TooMuch, within } from './time-limit.ts';
import type { Verdict } from './verdict.ts';

/** How long a schema may take to compile, and an answer to be judged: in milliseconds by the clock. */
const COMPILE_MS = 1000;
const JUDGE_MS = 1000;

/** What the thread is asked. A schema is JSON; without one, any object will do. */
export interface JudgeTask {
  readonly schema: string | undefined;
  /** Absent: the schema alone is to be looked at. */
  readonly answer?: { readonly text: string; readonly ended: FinishReason };
}

/** The verdict on the answer, if there was one; or what is wrong with the schema. */
export type JudgeResult = { readonly verdict: Verdict | undefined } | { readonly schemaProblem: string };

const compiled = new LRUCache<string, CompiledSchema>({
  maxSize: 1_000_000,
  sizeCalculation: (_, text) => text.length,
});

/** Does one task. */
export default function run({ schema, answer }: JudgeTask): JudgeResult {
  try {
    const demand = schema === undefined ? anyObject : fitting(within(COMPILE_MS, () => compiledFrom(schema)));
    return { verdict: answer && judgeWithin(() => judge(answer.text, answer.ended, demand)) };
  } catch (error) {
    if (error instanceof SchemaProblem) return { schemaProblem: error.message };
    if (error instanceof TooMuch) return { schemaProblem: 'the schema is too complex' };
    throw error;
  }
}

function judgeWithin(task: () => Verdict): Verdict {
  try {
    return within(JUDGE_MS, task);
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error;
    return {
      kind: 'invalid',
      problem: 'the answer could not be checked against the schema in time',
      isFinal: true,
    };
  }
}

/** What any schema can be tried on: one that never comes to an end does so at once, before anything is paid for. */
const PROBES: readonly unknown[] = [{}, [], '', 0, true, null];

/** @throws {SchemaProblem} for a schema that goes in circles */
function tryOut({ validate }: CompiledSchema): void {
  try {
    for (const probe of PROBES) validate(probe);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new SchemaProblem('the schema: refers to itself without end', { cause: error });
  }
}

function compiledFrom(text: string): CompiledSchema {
  const known = compiled.get(text);
  if (known) return known;
  const fresh = compileSchema(text);
  tryOut(fresh);
  compiled.set(text, fresh);
  return fresh;
}
