// The threads that judge. None runs before the first task, and idle ones end.
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { JudgeResult, JudgeTask } from './judge.worker.js';

const THREADS = 2;

/** The tasks have limits of their own; this is for a thread that is stuck where these do not reach. */
const STUCK_MS = 10_000;

/** The task could not be done: it was too large for its thread, or never ended. */
export class JudgeFailed extends Error {
  override readonly name = 'JudgeFailed';
}

/** Too many schemas wait to be checked. */
export class JudgeBusy extends Error {
  override readonly name = 'JudgeBusy';
}

/** Most schemas that wait; each may take a second. */
const MOST_SCHEMAS = 32;

/** A pool of threads. */
export class JudgePool {
  private pool: Piscina<JudgeTask, JudgeResult> | undefined;
  private isClosed = false;
  private busy = 0;
  /** Tasks wait here and not in the pool, so that the time of a stuck one counts from its own start. */
  private readonly answers: (() => void)[] = [];
  private readonly schemas: (() => void)[] = [];

  /**
   * Does a task. Answers, which are paid for, come before schemas.
   *
   * @throws {JudgeBusy} before anything is done
   * @throws {JudgeFailed}
   */
  async run(task: JudgeTask): Promise<JudgeResult> {
    const line = task.answer ? this.answers : this.schemas;
    if (line === this.schemas && line.length >= MOST_SCHEMAS) throw new JudgeBusy();
    if (this.busy >= THREADS) await new Promise<void>((resolve) => line.push(resolve));
    else this.busy += 1;
    try {
      return await this.runNow(task);
    } finally {
      const next = this.answers.shift() ?? this.schemas.shift();
      if (next) next();
      else this.busy -= 1;
    }
  }

  /** How many threads there are now. */
  get threads(): number {
    return this.pool?.threads.length ?? 0;
  }

  /** Ends all threads, and the tasks in them. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.pool?.destroy();
  }

  private async runNow(task: JudgeTask): Promise<JudgeResult> {
    if (this.isClosed) throw new JudgeFailed('the pool is closed');
    this.pool ??= newPool();
    try {
      return await this.pool.run(task, { signal: AbortSignal.timeout(STUCK_MS) });
    } catch (error) {
      throw new JudgeFailed('the thread ended before its task', { cause: error });
    }
  }
}

function newPool(): Piscina<JudgeTask, JudgeResult> {
  // Beside this file, as source or as built.
  const worker = new URL(`./judge.worker${extname(import.meta.url)}`, import.meta.url);
  return new Piscina({
    filename: fileURLToPath(worker),
    minThreads: 0,
    maxThreads: THREADS,
    idleTimeout: 30_000,
    // No secrets, and no flags that are meant for the main thread.
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 },
  });
}
