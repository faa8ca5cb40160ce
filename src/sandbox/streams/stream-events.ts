// What the stream of a prediction says, and when: its output as it grows, then how it ended. Neither bytes
// nor faults.
import type { Clock } from '../clock.js';
import { isFinal, isRemoved, itemsOut, type Growth, type Prediction } from '../predictions/prediction.js';
import type { PredictionRun } from '../predictions/prediction-run.js';

/** An event of a stream. */
export type StreamEvent =
  | { readonly kind: 'output'; readonly id: string; readonly text: string }
  | { readonly kind: 'error'; readonly detail: string }
  | { readonly kind: 'done'; readonly reason?: 'canceled' | 'error' };

/** Whose events, and what they are told by. */
export interface StreamSource {
  readonly run: PredictionRun;
  readonly clock: Clock;
  /** Milliseconds after its end at which a prediction loses its data, and its stream falls silent. */
  readonly retention: number;
}

/**
 * The events after the first `seen` outputs, each as soon as it happens, until the end or until the reader is
 * gone. A model that is no iterator gives at most one output, just before `done`.
 */
export async function* streamEvents(
  { run, clock, retention }: StreamSource,
  seen: number,
  gone: AbortSignal,
): AsyncGenerator<StreamEvent> {
  const { prediction } = run;
  if (isRemoved(prediction, clock(), retention)) return;
  const second = Math.floor(prediction.createdAt / 1000);
  let next = seen;
  while (!gone.aborted) {
    const isOver = isFinal(prediction);
    const { items, out } = itemsAt(prediction, clock());
    for (; next < out && !gone.aborted; next++) {
      yield { kind: 'output', id: `${second}:${next}`, text: textOf(items[next]) };
    }
    if (isOver) {
      yield* ending(prediction);
      return;
    }
    await run.changedWithin(untilItem(prediction.growing, next, clock()), gone);
  }
}

/** How many outputs a `Last-Event-ID` says have been seen; none when it cannot be read. */
export function seenUntil(lastEventId: unknown): number {
  const number = typeof lastEventId === 'string' ? /^\d+:(\d+)$/.exec(lastEventId)?.[1] : undefined;
  return number === undefined ? 0 : Number(number) + 1;
}

/** The items of an answer, and how many of them are out. They are not copied: there may be very many. */
function itemsAt(
  { isIterator, growing, output, status }: Prediction,
  now: number,
): { readonly items: readonly unknown[]; readonly out: number } {
  if (growing) return { items: growing.items, out: itemsOut(growing, now) };
  if (isIterator && Array.isArray(output)) return { items: output, out: output.length };
  const items = status === 'succeeded' && output !== null ? [output] : [];
  return { items, out: items.length };
}

/** Milliseconds until an item is out; nothing when only a change can bring it. */
function untilItem(growing: Growth | null, index: number, now: number): number | undefined {
  if (!growing || index >= growing.items.length) return undefined;
  const { items, from, until } = growing;
  return Math.max(1, Math.ceil(from + ((index + 1) / items.length) * (until - from) - now));
}

function* ending({ status, error }: Prediction): Generator<StreamEvent> {
  if (status === 'failed') yield { kind: 'error', detail: error ?? '' };
  if (status === 'succeeded') yield { kind: 'done' };
  else yield { kind: 'done', reason: status === 'failed' ? 'error' : 'canceled' };
}

function textOf(item: unknown): string {
  return typeof item === 'string' ? item : JSON.stringify(item);
}
