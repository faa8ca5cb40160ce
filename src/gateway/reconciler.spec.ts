// What the reconciler makes of a prediction that its provider does not know.
import { Logger } from '@nestjs/common';
import { beforeAll, describe, expect, it } from 'vitest';
import { upstreamAccount } from '../inference/upstream-account.js';
import type { InferenceProvider } from '../inference/inference.js';
import type { Settlement } from '../predictions/prediction-rows.js';
import { LiveRecord } from '../predictions/live-record.js';
import type { Predictions } from '../predictions/predictions.service.js';
import { AccountsOfRecords } from './accounts-of-records.js';
import type { LostPredictions } from './lost-predictions.js';
import { Telemetry } from '../telemetry/telemetry.js';
import { Reconciler } from './reconciler.service.js';

beforeAll(() => Logger.overrideLogger(false));

interface Prediction {
  readonly ownUpstream: boolean;
  readonly ageMs: number;
  readonly remainingMs: number;
}

/** One round over a prediction that the provider does not know. Gives what was made of it. */
async function reconcile({ ownUpstream, ageMs, remainingMs }: Prediction): Promise<string> {
  const ends: string[] = [];
  let released = 0;
  const record = new LiveRecord(
    {
      id: 'prd_1',
      tenantId: 'ten_a',
      lease: 'a lease',
      state: 'processing',
      upstreamId: 'gm3qorzdhgbfurvjtvhg6dckhu',
      model: 'm',
      upstream: 'o/m',
      inputDigest: Buffer.alloc(32),
      durable: false,
      ownUpstream,
      takenFrom: undefined,
      price: undefined,
      openedAt: performance.now() - ageMs,
      deadline: performance.now() + remainingMs,
    },
    {
      advance: () => undefined,
      settle: (_record, { outcome }: Settlement) => void ends.push(outcome.state),
      bind: () => 'own',
    },
  );
  const unknownThere = () => Promise.resolve(undefined);
  const reconciler = new Reconciler(
    {
      adoptOrphans: () => Promise.resolve([record]),
      release: () => Promise.resolve(void released++),
      countOverdue: () => Promise.resolve(0),
    } as Partial<Predictions> as Predictions,
    { look: unknownThere, cancel: unknownThere } as Partial<InferenceProvider> as InferenceProvider,
    { find: () => Promise.resolve(true) } as Partial<LostPredictions> as LostPredictions,
    new AccountsOfRecords({ of: () => Promise.resolve(upstreamAccount('ten_a:1', 'r8_token')) }),
    new Telemetry(),
  );
  await reconciler.run();
  expect(released).toBe(1 - ends.length);
  return ends[0] ?? 'looked at again';
}

const MINUTE = 60_000;

describe('a prediction that the provider does not know', () => {
  it.each([
    [{ ageMs: 0.5 * MINUTE, remainingMs: 9.5 * MINUTE }, 'looked at again'],
    [{ ageMs: 2 * MINUTE, remainingMs: 8 * MINUTE }, 'expired'],
    [{ ageMs: 12 * MINUTE, remainingMs: -2 * MINUTE }, 'expired'],
  ])("is forgotten there, on the gateway's account: %j is %s", async (times, verdict) => {
    expect(await reconcile({ ownUpstream: false, ...times })).toBe(verdict);
  });

  it.each([
    [{ ageMs: 0.5 * MINUTE, remainingMs: 9.5 * MINUTE }, 'looked at again'],
    [{ ageMs: 2 * MINUTE, remainingMs: 8 * MINUTE }, 'looked at again'],
    [{ ageMs: 10.5 * MINUTE, remainingMs: -0.5 * MINUTE }, 'looked at again'],
    [{ ageMs: 12 * MINUTE, remainingMs: -2 * MINUTE }, 'expired'],
  ])(
    "may run on where its tenant's token has changed, until after its deadline: %j is %s",
    async (times, verdict) => {
      expect(await reconcile({ ownUpstream: true, ...times })).toBe(verdict);
    },
  );
});
