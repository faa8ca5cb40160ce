// The record of a prediction that this node looks after: its state in memory, written down as it changes.
import type { ErrorName } from '../errors/catalogue.js';
import {
  isEnd,
  mayFollow,
  type PredictionRecord,
  type PredictionReport,
  type PredictionState,
} from '../inference/prediction-record.js';
import type { Price } from '../inference/price.js';
import type { TraceContext } from '../telemetry/tracing.js';
import { billFor, type Outcome } from './outcome.js';
import type { Progress, Settlement } from './prediction-rows.js';

/** Where a record writes to. */
export interface RecordKeeper {
  /** Writes progress in a while, or not at all when the end comes first. */
  advance(record: LiveRecord, progress: Progress): void;
  /** Writes the end, once. */
  settle(record: LiveRecord, settlement: Settlement): void;
  /** Whose the provider's id is; two predictions with one id are the provider's fault. */
  bind(record: LiveRecord, upstreamId: string): Binding;
}

/** An id that is this record's, one that is another's of the same tenant too, or one of another tenant's. */
export type Binding = 'own' | 'shared' | 'foreign';

/** A node that looks after a prediction, and under which lease. */
export interface Holder {
  readonly nodeId: string;
  readonly lease: string;
}

/** What a record begins with. */
export interface RecordStart {
  readonly id: string;
  readonly tenantId: string;
  readonly lease: string;
  readonly state: PredictionState;
  readonly upstreamId: string | undefined;
  /** The model's name as callers know it. */
  readonly model: string;
  readonly upstream: string;
  readonly inputDigest: Uint8Array;
  readonly durable: boolean;
  /** Whether it runs on the tenant's own account at the provider. */
  readonly ownUpstream: boolean;
  /** Who looks after it besides, on another node: it is given back to them, not ended. */
  readonly takenFrom: Holder | undefined;
  readonly price: Price | undefined;
  /** When the intent was written, by `performance.now()`, as the deadline. */
  readonly openedAt: number;
  readonly deadline: number;
  /** The work that it belongs to, for traces. */
  readonly trace?: TraceContext;
}

/** A prediction under our care. */
export class LiveRecord implements PredictionRecord {
  readonly id: string;
  /** How many callers wait for it here. */
  waiters = 0;
  /** It is being cancelled: whoever comes now comes too late. */
  isEnding = false;
  private current: PredictionState;
  private boundTo: string | undefined;
  /** Whether the id is another's too, and so not to be written twice. */
  private isShared = false;
  private sentTime: Date | undefined;
  private startTime: Date | undefined;
  private readonly listeners = new Set<() => void>();
  private readonly binding = Promise.withResolvers<string>();
  private readonly ending = Promise.withResolvers<PredictionState>();

  constructor(
    readonly start: RecordStart,
    private readonly keeper: RecordKeeper,
  ) {
    this.id = start.id;
    this.current = start.state;
    if (start.upstreamId !== undefined) {
      this.boundTo = start.upstreamId;
      this.binding.resolve(start.upstreamId);
    }
  }

  get state(): PredictionState {
    return this.current;
  }

  /** The provider's id, once it is known. */
  get upstreamId(): string | undefined {
    return this.boundTo;
  }

  /** Resolves with the provider's id when it becomes known. */
  get bound(): Promise<string> {
    return this.binding.promise;
  }

  /** Resolves with the end when it comes. */
  get ended(): Promise<PredictionState> {
    return this.ending.promise;
  }

  get hasEnded(): boolean {
    return isEnd(this.current);
  }

  /** When the create began to leave us. */
  get sentAt(): Date | undefined {
    return this.sentTime;
  }

  /** Milliseconds since the intent was written. */
  get ageMs(): number {
    return performance.now() - this.start.openedAt;
  }

  /** Milliseconds to the deadline, negative after it. */
  get remainingMs(): number {
    return this.start.deadline - performance.now();
  }

  sent(): void {
    this.sentTime ??= new Date();
    this.advance('sent');
  }

  reported(report: PredictionReport): boolean {
    if (!this.bind(report.upstreamId)) return false;
    const before = this.current;
    this.startTime = report.startedAt ?? this.startTime;
    if (isEnd(report.state)) {
      const { state, completedAt, runTimeUs, tokens, countedCompletion } = report;
      const startedAt = this.startTime;
      this.end({ state, startedAt, completedAt, runTimeUs, tokens, countedCompletion }, undefined);
    } else this.advance(report.state);
    if (this.current !== before) this.tell();
    return true;
  }

  refused(error: ErrorName): void {
    const state = error === 'client_closed_request' || error === 'shutting_down' ? 'canceled' : 'failed';
    this.end(withoutTimes(state), error);
  }

  /** Nobody will ever know how it ended: it was lost on the way, or the provider has forgotten it. */
  giveUp(state: 'unknown' | 'expired'): void {
    this.end(withoutTimes(state), undefined, this.start.lease);
  }

  onNews(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Tells who waits that there is news, which this record itself may not know. */
  tell(): void {
    for (const listener of this.listeners) listener();
  }

  private bind(upstreamId: string): boolean {
    if (this.boundTo !== undefined) return this.boundTo === upstreamId;
    const binding = this.keeper.bind(this, upstreamId);
    if (binding === 'foreign') return false;
    this.isShared = binding === 'shared';
    this.boundTo = upstreamId;
    this.binding.resolve(upstreamId);
    if (!this.hasEnded) this.write();
    return true;
  }

  private get writtenId(): string | undefined {
    return this.isShared ? undefined : this.boundTo;
  }

  private advance(state: PredictionState): void {
    if (!mayFollow(this.current, state)) return;
    this.current = state;
    this.write();
  }

  private write(): void {
    const { id, current: state, sentTime: sentAt, startTime: startedAt } = this;
    const upstreamId = this.writtenId;
    this.keeper.advance(this, { id, state, upstreamId, sentAt, startedAt });
  }

  private end(outcome: Outcome, error: ErrorName | undefined, lease?: string): void {
    if (!mayFollow(this.current, outcome.state)) return;
    this.current = outcome.state;
    const { id, sentTime: sentAt, writtenId: upstreamId } = this;
    const bill = billFor(outcome, this.boundTo !== undefined, this.start.price);
    this.keeper.settle(this, { id, upstreamId, sentAt, outcome, bill, error, lease });
    this.ending.resolve(outcome.state);
  }
}

function withoutTimes(state: PredictionState): Outcome {
  return { state, startedAt: undefined, completedAt: undefined, runTimeUs: undefined, tokens: undefined };
}
