// Calls, questions and ends for specs of predictions.
import { randomUUID } from 'node:crypto';
import type { Call } from '../inference/call.js';
import { CallNotes } from '../inference/call-notes.js';
import type { InferenceCall } from '../inference/inference.js';

/** A call of Acme's. */
export const call = (more: Partial<Call> = {}): Call => ({
  tenantId: 'ten_a',
  keyId: 'key_a',
  accountId: 'key_a',
  models: [],
  requestId: 'req_1',
  fingerprint: Buffer.alloc(32, 7),
  retry: undefined,
  durable: false,
  mayJoin: false,
  onlyJoins: false,
  unsupportedParams: undefined,
  retainContentDays: undefined,
  arrivedAt: performance.now(),
  notes: new CallNotes(),
  signal: new AbortController().signal,
  ...more,
});

/** A question that is ready to be sent. */
export const ready = (timeoutMs = 60_000, digest = 1): InferenceCall => ({
  plan: {
    request: { model: { id: 'm', upstream: 'o/m' }, prompt: 'p', imageCount: 1 },
    version: 'v',
    imageForms: [],
    dropped: [],
    price: { nanosPerSecond: 1000 },
    hardware: undefined,
    timeoutMs,
  },
  inputDigest: Buffer.alloc(32, digest),
});

/** An id of the provider's. */
export const newId = () => randomUUID().replaceAll('-', '').slice(0, 26);

/** A success of two seconds. */
export const succeeded = (upstreamId: string) => ({
  upstreamId,
  state: 'succeeded' as const,
  startedAt: new Date('2026-01-01T00:00:01Z'),
  completedAt: new Date('2026-01-01T00:00:03Z'),
  runTimeUs: 2_000_000,
});
