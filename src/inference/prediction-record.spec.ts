import { describe, expect, it } from 'vitest';
import { isEnd, mayFollow, type PredictionState } from './prediction-record.js';

const ways = (from: PredictionState, to: PredictionState[]) => to.filter((state) => mayFollow(from, state));
const all: PredictionState[] = [
  'intent',
  'sent',
  'starting',
  'processing',
  'succeeded',
  'failed',
  'canceled',
  'aborted',
  'unknown',
  'expired',
];

describe("a prediction's life", () => {
  it('goes forward only (G7)', () => {
    for (const [index, from] of all.entries()) {
      expect(ways(from, all.slice(0, index + 1)), from).toEqual([]);
    }
  });

  it('ends once: nothing follows an end', () => {
    const ends = all.slice(4);
    expect(all.filter(isEnd)).toEqual(ends);
    for (const end of ends) expect(ways(end, all)).toEqual([]);
  });

  it('may skip states that nobody saw', () => {
    expect(mayFollow('intent', 'succeeded')).toBe(true);
    expect(mayFollow('sent', 'processing')).toBe(true);
  });

  it('is unknown only while its id is, and expired only when it was known', () => {
    expect(all.filter((from) => mayFollow(from, 'unknown'))).toEqual(['intent', 'sent']);
    expect(all.filter((from) => mayFollow(from, 'expired'))).toEqual(['starting', 'processing']);
  });
});
