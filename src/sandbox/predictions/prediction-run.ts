// The life of one prediction: boot, run, end; canceled or aborted on the way. Its timers end with it.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../clock.js';
import type { CourseFault } from '../faults/fault.js';
import { isFinal, outputAt, type Prediction, type PredictionStatus } from './prediction.js';

/** Computes a prediction's output. What it throws is the prediction's `error`. */
export type Answer = (signal: AbortSignal) => Promise<unknown>;

/** A prediction on its way. It starts by itself, no sooner than the next turn of the event loop. */
export class PredictionRun {
  /** Resolves when the prediction has ended, however. */
  readonly ended: Promise<void>;
  private readonly met = { onGet: 0, onCancel: 0 };
  private readonly stop = new AbortController();
  private readonly announceEnd: () => void;
  private readonly deadlineTimer: NodeJS.Timeout | undefined;

  constructor(
    readonly prediction: Prediction,
    private readonly course: CourseFault,
    private readonly answer: Answer,
    private readonly clock: Clock,
  ) {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.ended = promise;
    this.announceEnd = () => {
      resolve(undefined);
    };
    this.deadlineTimer = this.startDeadline();
    void this.live();
  }

  /** Ends the prediction as `canceled`, unless it has ended. */
  cancel(): void {
    this.end('canceled');
  }

  /** The fault that a read or a cancel meets now, as long as its times last. */
  takeFault<Kind extends 'onGet' | 'onCancel'>(kind: Kind): CourseFault[Kind] {
    const fault = this.course[kind];
    if (!fault || this.met[kind] >= (fault.times ?? 1)) return undefined;
    this.met[kind] += 1;
    return fault;
  }

  /**
   * Waits for the end, at most so many milliseconds and no longer than the caller listens. Says whether it
   * came.
   */
  endedWithin(milliseconds: number, gone: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        gone.removeEventListener('abort', finish);
        resolve(isFinal(this.prediction));
      };
      const timer = setTimeout(finish, milliseconds);
      gone.addEventListener('abort', finish);
      void this.ended.then(finish);
    });
  }

  private async live(): Promise<void> {
    const { signal } = this.stop;
    try {
      await pause(this.course.boot ?? 0, signal);
      if (this.course.hang) return;
      if (this.course.abort) {
        this.end('aborted');
        return;
      }
      this.prediction.status = 'processing';
      this.prediction.startedAt = this.clock();
      const output = await this.work(signal);
      signal.throwIfAborted();
      this.prediction.output = output;
      this.end('succeeded');
    } catch (error) {
      if (signal.aborted) return;
      this.prediction.error = error instanceof Error ? error.message : String(error);
      this.end('failed');
    }
  }

  private async work(signal: AbortSignal): Promise<unknown> {
    const { run = 0, fail, output } = this.course;
    const until = performance.now() + run;
    if (fail !== undefined) {
      await pause(run, signal);
      throw new Error(fail);
    }
    const made = output === undefined ? await this.answer(signal) : output;
    const left = until - performance.now();
    if (Array.isArray(made)) this.grow(made, left);
    if (left > 0) await pause(left, signal);
    return made;
  }

  private grow(items: readonly unknown[], milliseconds: number): void {
    const from = this.clock();
    if (milliseconds > 0) this.prediction.growing = { items, from, until: from + milliseconds };
  }

  private startDeadline(): NodeJS.Timeout | undefined {
    const { deadline, createdAt } = this.prediction;
    if (deadline === null) return undefined;
    return setTimeout(() => {
      this.end(this.prediction.startedAt === null ? 'aborted' : 'canceled');
    }, deadline - createdAt);
  }

  private end(status: PredictionStatus): void {
    const { prediction } = this;
    if (isFinal(prediction)) return;
    const now = this.clock();
    if (status !== 'succeeded') prediction.output = outputAt(prediction, now);
    prediction.growing = null;
    prediction.completedAt = now;
    prediction.metrics = this.course.metrics ?? {};
    prediction.status = status;
    clearTimeout(this.deadlineTimer);
    this.stop.abort();
    this.announceEnd();
  }
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds > 0) await sleep(milliseconds, undefined, { signal });
  else await nextTurn(undefined, { signal });
}
