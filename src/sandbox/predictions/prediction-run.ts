// The life of one prediction: boot, run, end; canceled or aborted on the way. Its timers end with it.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../clock.js';
import type { CourseFault } from '../faults/fault.js';
import { isFinal, outputAt, type Prediction, type PredictionStatus } from './prediction.js';

/** What a prediction's model does. */
export interface Work {
  /** Computes the output. What it throws is the prediction's `error`. */
  readonly answer: (signal: AbortSignal) => Promise<unknown>;
  /** The metrics that the model reports about a successful output. */
  readonly measure: (output: unknown) => Readonly<Record<string, number>>;
}

/**
 * What happens to a prediction: it starts to run, a list begins to grow, the whole output is there, it has
 * ended.
 */
export type RunChange = 'started' | 'growing' | 'output' | 'ended';

/** The faults that later requests meet. */
type LaterFault = 'onGet' | 'onCancel' | 'onStream';

/** A prediction on its way. It starts by itself, no sooner than the next turn of the event loop. */
export class PredictionRun {
  private readonly met = { onGet: 0, onCancel: 0, onStream: 0 };
  private readonly stop = new AbortController();
  private readonly watchers = new Set<(change: RunChange) => void>();
  private readonly deadlineTimer: NodeJS.Timeout | undefined;

  constructor(
    readonly prediction: Prediction,
    private readonly course: CourseFault,
    private readonly model: Work,
    private readonly clock: Clock,
  ) {
    this.deadlineTimer = this.startDeadline();
    void this.live();
  }

  /** Ends the prediction as `canceled`, unless it has ended. */
  cancel(): void {
    this.end('canceled');
  }

  /** The fault that a read, a cancel or a reader meets now, as long as its times last. */
  takeFault<Kind extends LaterFault>(kind: Kind): CourseFault[Kind] {
    const fault = this.course[kind];
    if (!fault || this.met[kind] >= (fault.times ?? 1)) return undefined;
    this.met[kind] += 1;
    return fault;
  }

  /** Tells of every change to come, until the function that it returns is called. */
  watch(watcher: (change: RunChange) => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  /**
   * Waits for the end, at most so many milliseconds and no longer than the caller listens. Says whether it
   * came.
   */
  async endedWithin(milliseconds: number, gone: AbortSignal): Promise<boolean> {
    await this.until((change) => change === 'ended', milliseconds, gone);
    return isFinal(this.prediction);
  }

  /** Waits for the next change, at most so many milliseconds and no longer than the caller listens. */
  changedWithin(milliseconds: number | undefined, gone: AbortSignal): Promise<void> {
    return this.until(() => true, milliseconds, gone);
  }

  private until(
    isAwaited: (change: RunChange) => boolean,
    milliseconds: number | undefined,
    gone: AbortSignal,
  ): Promise<void> {
    if (gone.aborted || isFinal(this.prediction)) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        unwatch();
        gone.removeEventListener('abort', finish);
        resolve();
      };
      const timer = milliseconds === undefined ? undefined : setTimeout(finish, milliseconds);
      const unwatch = this.watch((change) => {
        if (isAwaited(change)) finish();
      });
      gone.addEventListener('abort', finish);
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
      this.start();
      const output = await this.work(signal);
      signal.throwIfAborted();
      this.give(output);
      this.end('succeeded');
    } catch (error) {
      if (signal.aborted) return;
      this.prediction.error = error instanceof Error ? error.message : String(error);
      this.end('failed');
    }
  }

  private start(): void {
    this.prediction.status = 'processing';
    this.prediction.startedAt = this.clock();
    this.prediction.logs = this.course.logs ?? '';
    this.tell('started');
  }

  private async work(signal: AbortSignal): Promise<unknown> {
    const { run = 0, fail, output } = this.course;
    const from = performance.now();
    const isScripted = output !== undefined || fail !== undefined;
    const made = isScripted ? output : await this.model.answer(signal);
    const isGrowing = Array.isArray(made) && this.prediction.isIterator;
    // A growing answer takes the whole run to come out, however long the model has looked before.
    const left = isGrowing ? run : from + run - performance.now();
    if (isGrowing) this.grow(made, left);
    if (left > 0) await pause(left, signal);
    if (fail === undefined) return made;
    if (Array.isArray(made)) this.give(made);
    throw new Error(fail);
  }

  private grow(items: readonly unknown[], milliseconds: number): void {
    if (milliseconds <= 0) return;
    const from = this.clock();
    this.prediction.growing = { items, from, until: from + milliseconds };
    this.tell('growing');
  }

  private give(output: unknown): void {
    this.prediction.output = output;
    this.prediction.growing = null;
    this.tell('output');
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
    const measured = status === 'succeeded' ? this.model.measure(prediction.output) : {};
    prediction.growing = null;
    prediction.completedAt = now;
    prediction.metrics = { ...measured, ...this.course.metrics };
    prediction.status = status;
    clearTimeout(this.deadlineTimer);
    this.stop.abort();
    this.tell('ended');
  }

  private tell(change: RunChange): void {
    for (const watcher of [...this.watchers]) watcher(change);
  }
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds > 0) await sleep(milliseconds, undefined, { signal });
  else await nextTurn(undefined, { signal });
}
