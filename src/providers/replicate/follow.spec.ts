import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../../errors/api-error.js';
import type { StreamEvent } from './event-stream.js';
import { follow } from './follow.js';
import { Life } from './life.js';
import { type Prediction, readPrediction } from './prediction.wire.js';
import type { StreamWatch } from './stream-watch.js';
import { UpstreamFault } from './upstream-fault.js';
import { Wake } from './wake.js';

beforeEach(() => {
  vi.useFakeTimers();
  Logger.overrideLogger(false);
});
afterEach(() => {
  vi.useRealTimers();
  Logger.overrideLogger(true);
});

const prediction = (status: string, stream?: string) =>
  readPrediction({ id: 'abc', status, output: status === 'succeeded' ? 'yes' : null, urls: { stream } });

type Events = ReturnType<StreamWatch['events']>;

/** Follows a prediction that `get` tells of, by the faked clock. */
function start({
  get,
  started = prediction('starting'),
  streams,
  onReport,
}: {
  get: () => Prediction | UpstreamFault;
  started?: Prediction;
  streams?: Pick<StreamWatch, 'events'>;
  onReport?: (wake: Wake) => void;
}) {
  const reads: number[] = [];
  const reports: Prediction[] = [];
  const begun = performance.now();
  const life = new Life(new AbortController().signal, 600_000);
  const sleep = vi
    .spyOn(life, 'sleep')
    .mockImplementation((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
  const wake = new Wake();
  const client = {
    get: () => {
      reads.push(Math.round(performance.now() - begun));
      const told = get();
      return told instanceof UpstreamFault ? Promise.reject(told) : Promise.resolve(told);
    },
  };
  const end: { value?: Prediction; error?: unknown } = {};
  follow({
    client,
    started,
    life,
    wake,
    onReport: (report) => {
      reports.push(report);
      onReport?.(wake);
    },
    ...(streams && { streams }),
  }).then(
    (value) => (end.value = value),
    (error: unknown) => (end.error = error),
  );
  return { reads, reports, life, sleep, wake, end };
}

const gaps = (times: number[]) => times.map((at, n) => at - (times[n - 1] ?? 0));

describe('following a prediction', () => {
  it('asks nothing of one that is finished', async () => {
    const { reads, end } = start({ started: prediction('succeeded'), get: () => prediction('failed') });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(end.value?.status).toBe('succeeded');
    expect(reads).toEqual([]);
  });

  it('reports what is news, and ends with the finished one', async () => {
    const begun = { ...prediction('processing'), startedAt: new Date() };
    const told = [prediction('starting'), prediction('processing'), begun, begun, prediction('succeeded')];
    const { reports, end } = start({ get: () => told.shift() ?? prediction('failed') });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(reports.map(({ status }) => status)).toEqual(['processing', 'processing', 'succeeded']);
    expect(reports[1]).toBe(begun);
    expect(end.value?.output).toBe('yes');
  });

  it('keeps its pauses though each of its reports wakes it', async () => {
    let calls = 0;
    const onReport = (wake: Wake) => void (++calls < 1000 && wake.call());
    const { reads } = start({ get: () => prediction('processing'), onReport });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(reads.length).toBeLessThan(80);
  });

  it('asks ever more slowly through a cold boot, and quickly again once the model runs (A14)', async () => {
    let status = 'starting';
    const { reads } = start({ get: () => prediction(status) });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(reads[0]).toBe(250);
    expect(Math.max(...gaps(reads))).toBeLessThanOrEqual(2001);
    expect(
      gaps(reads)
        .slice(-3)
        .every((gap) => gap >= 1999),
    ).toBe(true);
    status = 'processing';
    const before = reads.length;
    await vi.advanceTimersByTimeAsync(60_000);
    const running = gaps(reads.slice(before)).slice(1);
    expect(running[0]).toBe(250);
    expect(running.at(-1)).toBeGreaterThanOrEqual(999);
    expect(Math.max(...running)).toBeLessThanOrEqual(1001);
  });

  it('looks at once when it is woken', async () => {
    const { reads, wake } = start({ get: () => prediction('starting') });
    await vi.advanceTimersByTimeAsync(30_000);
    const before = reads.length;
    wake.call();
    await vi.advanceTimersByTimeAsync(0);
    expect(reads).toHaveLength(before + 1);
  });

  it('looks at once before the first pause when it was woken before', async () => {
    const wakeFirst = start({ get: () => prediction('succeeded') });
    wakeFirst.wake.call();
    await vi.advanceTimersByTimeAsync(0);
    expect(wakeFirst.end.value?.status).toBe('succeeded');
  });

  it('waits faults out, but not those that say that we are not known', async () => {
    const faults = [500, 429, 404].map((status) => new UpstreamFault('refused', { status }));
    const passing = start({ get: () => faults.shift() ?? prediction('succeeded') });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(passing.end.value?.status).toBe('succeeded');
    for (const status of [401, 403]) {
      const { end } = start({ get: () => new UpstreamFault('refused', { status }) });
      await vi.advanceTimersByTimeAsync(10_000);
      expect(end.error).toMatchObject({ status });
    }
  });

  it('pauses as long as it is asked to, half a minute at the most, and no call cuts that short', async () => {
    const faults = [7000, 90_000].map(
      (retryAfterMs) => new UpstreamFault('refused', { status: 429, retryAfterMs }),
    );
    const { sleep, wake, reads } = start({ get: () => faults.shift() ?? prediction('starting') });
    await vi.advanceTimersByTimeAsync(250);
    wake.call();
    await vi.advanceTimersByTimeAsync(6999);
    expect(reads).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(sleep.mock.calls).toEqual([[7000], [30_000]]);
  });

  it('gives up on a prediction that Replicate does not know five times in a row (A22)', async () => {
    const gone = new UpstreamFault('refused', { status: 404 });
    const { end, reads } = start({ get: () => gone });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(end.error).toMatchObject({ reason: 'upstream_invalid_response', cause: gone });
    expect(reads).toHaveLength(5);
  });

  it('ends with its life, and leaves nothing behind', async () => {
    const { end, life, reads } = start({ get: () => prediction('processing') });
    await vi.advanceTimersByTimeAsync(5000);
    const ending = new ApiError('client_closed_request');
    life.stop(ending);
    await vi.advanceTimersByTimeAsync(0);
    expect(end.error).toBe(ending);
    const before = reads.length;
    life.dispose();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(reads).toHaveLength(before);
  });
});

/** A stream whose events the test sends. */
function fakeStreams() {
  const opened: {
    url: string;
    signal: AbortSignal;
    send: (type: StreamEvent['type']) => void;
    end: () => void;
  }[] = [];
  const events = (url: string, signal: AbortSignal): Events => {
    const queue: StreamEvent[] = [];
    let over = false;
    let next = Promise.withResolvers<void>();
    const advance = () => {
      next.resolve();
      next = Promise.withResolvers<void>();
    };
    opened.push({
      url,
      signal,
      send: (type) => {
        queue.push({ type, data: '{}', id: undefined });
        advance();
      },
      end: () => {
        over = true;
        advance();
      },
    });
    return (async function* () {
      while (!over) {
        await next.promise;
        yield* queue.splice(0);
      }
      return 'broken' as const;
    })();
  };
  return { streams: { events }, opened };
}

describe('following a prediction with a stream', () => {
  const url = 'https://stream.replicate.com/v1/streams/x';

  it('looks at once when the stream is done, and stops listening at the end', async () => {
    const { streams, opened } = fakeStreams();
    let status = 'starting';
    const { end, reads } = start({
      started: prediction('starting', url),
      get: () => prediction(status, url),
      streams,
    });
    await vi.advanceTimersByTimeAsync(30_000);
    const before = reads.length;
    opened[0]?.send('output');
    await vi.advanceTimersByTimeAsync(0);
    expect(reads).toHaveLength(before);
    status = 'succeeded';
    opened[0]?.send('done');
    await vi.advanceTimersByTimeAsync(0);
    expect(end.value?.status).toBe('succeeded');
    expect(opened).toMatchObject([{ url, signal: { aborted: true } }]);
  });

  it('asks on when the stream breaks without done, and listens again once the model runs (A17, A19)', async () => {
    const { streams, opened } = fakeStreams();
    let status = 'starting';
    const { end } = start({
      started: prediction('starting', url),
      get: () => prediction(status, url),
      streams,
    });
    await vi.advanceTimersByTimeAsync(1000);
    opened[0]?.end();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(opened).toHaveLength(1);
    status = 'processing';
    await vi.advanceTimersByTimeAsync(3000);
    expect(opened).toHaveLength(2);
    status = 'succeeded';
    await vi.advanceTimersByTimeAsync(1001);
    expect(end.value?.status).toBe('succeeded');
  });

  it('listens as soon as it knows where, and once', async () => {
    const { streams, opened } = fakeStreams();
    start({ started: prediction('starting'), get: () => prediction('starting', url), streams });
    expect(opened).toEqual([]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(opened).toHaveLength(1);
  });

  it('looks once for an error that is repeated without end (A17)', async () => {
    const { streams, opened } = fakeStreams();
    const { reads } = start({
      started: prediction('processing', url),
      get: () => prediction('processing', url),
      streams,
    });
    await vi.advanceTimersByTimeAsync(0);
    for (let n = 0; n < 100; n++) opened[0]?.send('error');
    await vi.advanceTimersByTimeAsync(0);
    expect(reads).toHaveLength(1);
  });

  it('is not disturbed by a stream that throws', async () => {
    const events = (): Events => {
      throw new Error('a bug');
    };
    const { end } = start({
      started: prediction('starting', url),
      get: () => prediction('succeeded'),
      streams: { events },
    });
    await vi.advanceTimersByTimeAsync(1000);
    expect(end.value?.status).toBe('succeeded');
  });
});
