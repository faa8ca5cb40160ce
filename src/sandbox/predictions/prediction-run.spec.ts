import { describe, expect, it } from 'vitest';
import { wallClock } from '../clock.js';
import type { CourseFault } from '../faults/fault.js';
import { itemsOut, type Prediction } from './prediction.js';
import { PredictionRun, type Work } from './prediction-run.js';

const never = new AbortController().signal;

function start(
  course: CourseFault,
  options: { deadline?: number; answer?: Work['answer']; isIterator?: boolean } = {},
): PredictionRun {
  const createdAt = wallClock();
  const prediction: Prediction = {
    id: '0'.repeat(26),
    account: 'a',
    model: 'owner/name',
    version: 'hidden',
    deployment: null,
    hardware: null,
    isIterator: options.isIterator ?? true,
    streamName: 'a'.repeat(52),
    listedFrom: createdAt,
    input: {},
    echoed: {},
    createdAt,
    deadline: options.deadline === undefined ? null : createdAt + options.deadline,
    status: 'starting',
    startedAt: null,
    completedAt: null,
    output: null,
    logs: '',
    error: null,
    metrics: {},
    growing: null,
  };
  const answer = options.answer ?? (() => Promise.resolve('done'));
  return new PredictionRun(prediction, course, { answer, measure: () => ({ counted: 1 }) }, wallClock);
}

describe('the life of a prediction', () => {
  it('begins with starting and ends with the answer', async () => {
    const run = start({});
    expect(run.prediction.status).toBe('starting');
    await run.endedWithin(5_000, never);
    expect(run.prediction).toMatchObject({ status: 'succeeded', output: 'done' });
  });

  it('ends aborted at its deadline when it never started', async () => {
    const run = start({ hang: true }, { deadline: 20 });
    await run.endedWithin(5_000, never);
    expect(run.prediction).toMatchObject({ status: 'aborted', startedAt: null, output: null });
  });

  it('ends canceled at its deadline when it runs', async () => {
    const run = start({ run: 60_000 }, { deadline: 20 });
    await run.endedWithin(5_000, never);
    expect(run.prediction).toMatchObject({ status: 'canceled', startedAt: expect.any(Number) as number });
  });

  it('ends failed with the message of what the model throws', async () => {
    const run = start({}, { answer: () => Promise.reject(new Error('CUDA out of memory')) });
    await run.endedWithin(5_000, never);
    expect(run.prediction).toMatchObject({ status: 'failed', error: 'CUDA out of memory', output: null });
  });

  it('keeps no answer that comes after a cancel, and tells the model', async () => {
    const late = Promise.withResolvers<string>();
    let told = false;
    const run = start(
      {},
      {
        answer: (signal) => {
          signal.addEventListener('abort', () => (told = true));
          return late.promise;
        },
      },
    );
    await run.endedWithin(10, never);
    run.cancel();
    late.resolve('too late');
    await run.endedWithin(5_000, never);
    expect(await late.promise).toBe('too late');
    expect(told).toBe(true);
    expect(run.prediction).toMatchObject({ status: 'canceled', output: null });
  });

  it('shows a list piece by piece while it runs, and keeps what was out when it is canceled', async () => {
    const items = Array.from({ length: 1000 }, (_, index) => index);
    const run = start({ run: 1000 }, { answer: () => Promise.resolve(items) });
    while (run.prediction.growing === null) await run.endedWithin(5, never);
    await run.endedWithin(50, never);
    run.cancel();
    const { output } = run.prediction;
    expect(items.slice(0, (output as number[]).length)).toEqual(output);
    expect((output as number[]).length).toBeGreaterThan(0);
    expect((output as number[]).length).toBeLessThan(1000);
  });
});

describe('the pace of a growing answer', () => {
  it('is even over the whole run, however long the model has looked', async () => {
    const looking = Promise.withResolvers<string[]>();
    const run = start({ run: 300 }, { answer: () => looking.promise });
    await run.endedWithin(320, never);
    expect(run.prediction).toMatchObject({ status: 'processing', growing: null });
    looking.resolve(['a', 'b', 'c', 'd']);
    while (run.prediction.growing === null) await new Promise(setImmediate);
    const { growing } = run.prediction;
    const from = growing.from;
    expect(growing.until - from).toBe(300);
    expect([0, 74, 76, 151, 299, 300].map((later) => itemsOut(growing, from + later))).toEqual([
      0, 0, 1, 2, 3, 4,
    ]);
    await run.endedWithin(5_000, never);
    expect(run.prediction.output).toEqual(['a', 'b', 'c', 'd']);
  });

  it('is that of its beginning alone when the prediction fails in the middle', async () => {
    const run = start({ run: 40, output: ['a', 'b'], fail: 'CUDA out of memory' });
    const seen: unknown[] = [];
    run.watch((change) => seen.push([change, run.prediction.growing?.items, run.prediction.output]));
    await run.endedWithin(5_000, never);
    expect(seen).toEqual([
      ['started', undefined, null],
      ['growing', ['a', 'b'], null],
      ['output', undefined, ['a', 'b']],
      ['ended', undefined, ['a', 'b']],
    ]);
  });

  it('is none of a model that gives a list at once', async () => {
    const run = start({ run: 30, output: ['a', 'b'] }, { isIterator: false });
    const changes: string[] = [];
    run.watch((change) => changes.push(change));
    await run.endedWithin(5_000, never);
    expect(changes).toEqual(['started', 'output', 'ended']);
  });
});

describe('what a prediction tells', () => {
  it('is its start, its growth, its output and its end, in this order', async () => {
    const run = start({ run: 20, output: ['a', 'b'] });
    const changes: string[] = [];
    run.watch((change) => changes.push(change));
    await run.endedWithin(5_000, never);
    expect(changes).toEqual(['started', 'growing', 'output', 'ended']);
  });

  it('ends with the watch', async () => {
    const run = start({});
    const changes: string[] = [];
    const stop = run.watch((change) => {
      changes.push(change);
      stop();
    });
    await run.endedWithin(5_000, never);
    expect(changes).toEqual(['started']);
  });

  it('includes what the model measures, of a success alone', async () => {
    const succeeded = start({ metrics: { more: 2 } });
    const failed = start({ fail: 'No' });
    await Promise.all([succeeded, failed].map((run) => run.endedWithin(5_000, never)));
    expect(succeeded.prediction.metrics).toEqual({ counted: 1, more: 2 });
    expect(failed.prediction.metrics).toEqual({});
  });

  it('keeps the whole of a scripted list that a failure follows', async () => {
    const run = start({ run: 10, output: ['a', 'b'], fail: 'CUDA out of memory' });
    await run.endedWithin(5_000, never);
    expect(run.prediction).toMatchObject({ status: 'failed', output: ['a', 'b'] });
  });
});

describe('a wait for the end', () => {
  it('ends without it when the caller is gone', async () => {
    const run = start({ hang: true });
    const gone = new AbortController();
    const waiting = run.endedWithin(60_000, gone.signal);
    gone.abort();
    expect(await waiting).toBe(false);
    run.cancel();
  });
});
