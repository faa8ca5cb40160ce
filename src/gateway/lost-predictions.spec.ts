// When a prediction that is not in the provider's list was never accepted.
import { describe, expect, it } from 'vitest';
import type { InferenceProvider, ListedPrediction } from '../inference/inference.js';
import type { LiveRecord } from '../predictions/live-record.js';
import type { Predictions } from '../predictions/predictions.service.js';
import type { AccountsOfRecords } from './accounts-of-records.js';
import { LostPredictions } from './lost-predictions.js';

const MINUTE = 60_000;
const digest = Buffer.alloc(32, 1);

const listed = (id: string, more: Partial<ListedPrediction> = {}): ListedPrediction => ({
  report: { upstreamId: id, state: 'succeeded' },
  inputDigest: Buffer.alloc(32, 2),
  recordId: undefined,
  createdAt: new Date(Date.now() - MINUTE),
  ...more,
});

/** A list that is longer than a page, and begins so long ago. */
const longList = (minutes: number) =>
  Array.from({ length: 150 }, (_, at) =>
    listed(`other${at}`, { createdAt: new Date(Date.now() - (at * minutes * MINUTE) / 149) }),
  );

/** Whether a record that is two minutes old is absent from a list, of which some ids are other records'. */
function isAbsent(list: readonly ListedPrediction[], bound: readonly string[] = []): Promise<boolean> {
  const lost = new LostPredictions(
    { boundAmong: () => Promise.resolve(new Set(bound)) } as Partial<Predictions> as Predictions,
    { list: () => Promise.resolve(list) } as Partial<InferenceProvider> as InferenceProvider,
    { of: () => Promise.resolve(undefined) } as Partial<AccountsOfRecords> as AccountsOfRecords,
  );
  const record = { id: 'prd_1', ageMs: 2 * MINUTE, start: { inputDigest: digest } };
  return lost.isAbsent(record as unknown as LiveRecord);
}

describe('a prediction whose create was not answered', () => {
  it('was never accepted where the list goes back far enough, and has nothing like it (A1)', async () => {
    expect(await isAbsent([])).toBe(true);
    expect(await isAbsent([listed('a'), listed('b')])).toBe(true);
    expect(await isAbsent(longList(30))).toBe(true);
  });

  it('may have been, where the list does not go back beyond doubt: clocks differ (A26)', async () => {
    expect(await isAbsent(longList(10))).toBe(false);
    expect(await isAbsent(longList(10).map((entry) => ({ ...entry, createdAt: undefined })))).toBe(false);
  });

  it("may have been, where the list has one with its input that is nobody's, or its own webhook", async () => {
    expect(await isAbsent([listed('a', { inputDigest: digest })])).toBe(false);
    expect(await isAbsent([listed('a', { inputDigest: digest })], ['a'])).toBe(true);
    expect(await isAbsent([listed('a', { recordId: 'prd_1' })])).toBe(false);
    expect(await isAbsent([listed('a', { recordId: 'prd_2', inputDigest: digest })])).toBe(true);
  });
});
