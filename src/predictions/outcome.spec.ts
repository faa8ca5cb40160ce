import { describe, expect, it } from 'vitest';
import { billFor, type Outcome } from './outcome.js';

const price = { nanosPerSecond: 975_000 };
const ran = (more: Partial<Outcome> = {}): Outcome => ({
  state: 'succeeded',
  startedAt: new Date(),
  completedAt: new Date(),
  runTimeUs: 2_000_000,
  tokens: undefined,
  ...more,
});
const never = { startedAt: undefined, completedAt: undefined, runTimeUs: undefined };

describe('what a prediction is billed as', () => {
  it.each(['succeeded', 'failed', 'canceled'] as const)(
    'its run time when it %s after it had begun',
    (state) => {
      expect(billFor(ran({ state }), true, price)).toEqual({ billing: 'run_time', costNanos: 1_950_000n });
    },
  );

  it('nothing when it was aborted, canceled before it began, or never accepted (A15)', () => {
    const nothing = { billing: 'nothing', costNanos: 0n };
    expect(billFor(ran({ state: 'aborted', ...never }), true, price)).toEqual(nothing);
    expect(billFor(ran({ state: 'canceled', ...never }), true, price)).toEqual(nothing);
    expect(billFor(ran({ state: 'failed', ...never }), false, price)).toEqual(nothing);
  });

  it('its tokens where the model is priced so', () => {
    const perToken = { nanosPerMillionPromptTokens: 1_000_000, nanosPerMillionCompletionTokens: 2_000_000 };
    const bill = billFor(ran({ tokens: { prompt: 10, completion: 20 } }), true, perToken);
    expect(bill).toEqual({ billing: 'tokens', costNanos: 50n });
  });

  it('unpriced where nobody has said the price, never a guess (F6)', () => {
    expect(billFor(ran(), true, undefined)).toEqual({ billing: 'unpriced', costNanos: undefined });
  });

  it('unknown where nobody can tell how long it ran (A22)', () => {
    const unknown = { billing: 'unknown', costNanos: undefined };
    expect(billFor(ran({ state: 'unknown', ...never }), false, price)).toEqual(unknown);
    expect(billFor(ran({ state: 'expired', ...never }), true, price)).toEqual(unknown);
    expect(billFor(ran({ runTimeUs: undefined }), true, price)).toEqual(unknown);
  });
});
