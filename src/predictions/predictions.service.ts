// Keeps the account of all predictions: an intent before each create, one end for each, and who looks after it.
import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { newId } from '../contracts/identifier.js';
import { NodeLease } from '../database/node-lease.service.js';
import { Notifications } from '../database/notifications.service.js';
import type { Call } from '../inference/call.js';
import type { InferenceCall } from '../inference/inference.js';
import type { PredictionReport } from '../inference/prediction-record.js';
import { mostCostOf } from '../inference/price.js';
import { countPromptTokens } from '../inference/settle.js';
import { Telemetry } from '../telemetry/telemetry.js';
import type { AdmissionGroup } from './admission-group.js';
import { LiveRecord, type RecordKeeper, type RecordStart } from './live-record.js';
import { Openings } from './openings.js';
import { PredictionMetrics } from './prediction-metrics.js';
import type { Settlement, StoredPrediction, Unbound } from './prediction-rows.js';
import { PredictionWriter } from './prediction-writer.js';
import { PredictionsRepository } from './predictions.repository.js';
import { toRecord } from './stored-record.js';
import { UpstreamIds } from './upstream-ids.js';

/** Notices of news about a prediction that another node waits for; the payload is its id. */
const CHANNEL = 'cerebro_prediction';

/** The records of predictions. */
@Injectable()
export class Predictions implements RecordKeeper {
  private readonly logger = new Logger(Predictions.name);
  private readonly live = new Map<string, LiveRecord>();
  /** Ends that are not written yet, by the ids of their predictions. */
  private readonly settling = new Map<string, Promise<unknown>>();
  private readonly upstreamIds = new UpstreamIds();
  private readonly writer: PredictionWriter;
  private readonly openings: Openings;
  private readonly metrics: PredictionMetrics;
  private listening = false;

  constructor(
    private readonly repository: PredictionsRepository,
    private readonly node: NodeLease,
    private readonly notifications: Notifications,
    private readonly telemetry: Telemetry,
  ) {
    this.writer = new PredictionWriter(repository);
    this.openings = new Openings(this.writer);
    this.metrics = new PredictionMetrics(telemetry.metrics, () => this.live.size);
  }

  /**
   * Writes down that a create is about to be sent, and holds the most that it can cost; committed when this resolves.
   * Where only what is about to end stands in the way, it waits a little for that.
   *
   * @param group others that are to be made with it, or none of them
   * @throws {ApiError} `insufficient_quota`, `concurrency_limit_exceeded`, `model_not_priced`, `invalid_api_key` where
   *   limits of the key or its tenant leave no room
   * @throws when the database cannot be reached: without its record nothing may be sent
   */
  async open(call: Call, { plan, inputDigest }: InferenceCall, group?: AdmissionGroup): Promise<LiveRecord> {
    this.listen();
    await this.node.hold();
    const { model } = plan.request;
    const { tracing } = this.telemetry;
    const id = newId('prd_');
    const lease = randomUUID();
    const start = {
      id,
      tenantId: call.tenantId,
      lease,
      model: model.id,
      upstream: model.upstream,
      inputDigest,
      durable: call.durable,
      ownUpstream: plan.request.account !== undefined,
      price: plan.price,
      takenFrom: undefined,
    };
    const images = plan.request.imageCount;
    const promptTokens = countPromptTokens(plan.request);
    const { timeoutMs, tokenLimit } = plan;
    const intent = {
      ...start,
      inputDigest,
      keyId: call.keyId,
      accountId: call.accountId,
      heldNanos: mostCostOf(plan.price, { timeoutMs, promptTokens, images, tokenLimit }),
      requestId: call.requestId,
      fingerprint: call.fingerprint,
      version: plan.version,
      images,
      promptTokens,
      timeoutMs,
      nodeId: this.node.id,
    };
    const openedAt = await tracing.within('admission', () =>
      this.metrics.admission(() => this.openings.write(intent, call.signal, group)),
    );
    const deadline = openedAt + timeoutMs;
    return this.keep(
      new LiveRecord(
        { ...start, state: 'intent', upstreamId: undefined, openedAt, deadline, trace: tracing.here() },
        this,
      ),
    );
  }

  /** The record of a prediction that this node looks after. */
  get(id: string): LiveRecord | undefined {
    return this.live.get(id);
  }

  /** The newest prediction for the same call, as it is stored. */
  findRepeated(call: Call, withinMs: number): Promise<StoredPrediction | undefined> {
    return this.repository.findRepeated(call.tenantId, call.fingerprint, withinMs);
  }

  /**
   * Takes a stored prediction under this node's care, for somebody who comes for its answer; undefined when it has
   * ended, is ending, or has changed hands meanwhile.
   */
  async adopt(stored: StoredPrediction): Promise<LiveRecord | undefined> {
    const known = this.live.get(stored.id);
    if (known) return known.isEnding ? undefined : known;
    if (this.settling.has(stored.id)) return undefined;
    this.listen();
    await this.node.hold();
    const lease = randomUUID();
    if (!(await this.repository.take(stored.id, stored.lease, this.node.id, lease))) return undefined;
    const { held, nodeId, lease: before } = stored;
    const isShared = held && nodeId !== null && before !== null && nodeId !== this.node.id;
    const takenFrom = isShared ? { nodeId, lease: before } : undefined;
    return this.live.get(stored.id) ?? this.keep(toRecord(stored, { lease, takenFrom }, this));
  }

  /** Takes what nobody looks after, for the reconciler. Of other nodes only when it is sure that they are dead. */
  async adoptOrphans(limit: number, graceMs: number): Promise<LiveRecord[]> {
    await this.node.hold();
    const lease = randomUUID();
    const { id: nodeId, isSteady: others } = this.node;
    const known = [...this.live.keys(), ...this.settling.keys(), ...this.openings.ids];
    const ids = await this.repository.takeOrphans({ nodeId, known, others, lease, limit, graceMs });
    const stored = await Promise.all(ids.map((id) => this.repository.find(id)));
    return stored.flatMap((row) => {
      if (row?.settledForMs !== null || this.live.has(row.id)) return [];
      const record = this.keep(toRecord(row, { lease, takenFrom: undefined }, this));
      if (!this.openings.wasGivenUp(row.id)) return record;
      // It was written after all, and nothing was sent for it.
      record.refused('database_unavailable');
      return [];
    });
  }

  /** How many predictions, of all nodes, are past their deadline by so many milliseconds and not settled. */
  countOverdue(graceMs: number): Promise<number> {
    return this.repository.countOverdue(graceMs);
  }

  /** Of the provider's ids, those that belong to predictions of ours. */
  boundAmong(upstreamIds: readonly string[]): Promise<Set<string>> {
    return this.repository.boundAmong(upstreamIds);
  }

  /** Predictions with the same input and on the same account as a record's that wait for their ids, its own among them. */
  findUnbound({ start }: LiveRecord): Promise<Unbound[]> {
    return this.repository.findUnbound(start);
  }

  /**
   * Tells a record what its row has learnt on another way: the create's own answer comes to the record that it was
   * sent with, also when another has taken its place.
   *
   * @returns whether the prediction has ended without the record being told
   */
  async refresh(record: LiveRecord): Promise<boolean> {
    if (record.hasEnded) return false;
    const stored = await this.repository.find(record.id);
    if (stored?.settledForMs !== null) return true;
    if (stored.upstreamId !== null && record.upstreamId === undefined) {
      record.reported({ upstreamId: stored.upstreamId, state: 'starting' });
    }
    return false;
  }

  /** Whether the prediction is still this record's, and nobody else's who has come for it. */
  async isOurs(record: LiveRecord): Promise<boolean> {
    const stored = await this.repository.find(record.id);
    return stored?.lease === record.start.lease;
  }

  /**
   * Leaves the predictions of a key or tenant that may not be used any more to nobody, for a reconciler to end.
   *
   * @returns whether there are any
   */
  async disown(id: string): Promise<boolean> {
    return (await this.repository.disown(id)) > 0;
  }

  /** Lets go of a record: somebody else looks after it now, or this node's reconciler soon will. */
  forget(record: LiveRecord): void {
    this.live.delete(record.id);
  }

  /** Stops looking after a prediction that goes on; a reconciler looks at it after a while. */
  async release(record: LiveRecord, checkInMs: number): Promise<void> {
    // At once, so that whoever comes for it meanwhile takes it from its row, and under a lease of his own.
    this.live.delete(record.id);
    await this.writer.flush(record.id);
    const { takenFrom, lease } = record.start;
    if (takenFrom) await this.repository.giveBack(record.id, lease, takenFrom);
    else await this.repository.release(record.id, lease, checkInMs);
  }

  /**
   * Takes a provider's report that came for our id, on a way of its own: a webhook. Whichever node waits for
   * the prediction learns that there is news.
   *
   * @returns false when there is no such prediction
   */
  async report(id: string, report: PredictionReport): Promise<boolean> {
    const live = this.live.get(id);
    if (live) {
      if (!live.reported(report)) this.logger.error(`a report for ${id} is about another prediction`);
      return true;
    }
    const stored = await this.repository.find(id);
    if (!stored) return false;
    if (stored.settledForMs !== null) return true;
    await this.write(stored, report);
    await this.notifications.notify(CHANNEL, id);
    return true;
  }

  /** When everything that was told to any record is written. */
  settled(): Promise<void> {
    return this.writer.settled();
  }

  advance: RecordKeeper['advance'] = (_record, progress) => this.writer.advance(progress);

  settle: RecordKeeper['settle'] = (record, settlement) => {
    this.live.delete(record.id);
    const { trace: from } = record.start;
    const written = this.telemetry.tracing
      .within('settle', () => this.writer.settle(settlement), { from })
      .then((isFirst) => isFirst && this.count(record.start, settlement))
      .finally(() => this.settling.delete(record.id));
    this.settling.set(record.id, written);
  };

  bind: RecordKeeper['bind'] = (record, upstreamId) => this.upstreamIds.bind(record, upstreamId);

  private keep(record: LiveRecord): LiveRecord {
    this.live.set(record.id, record);
    return record;
  }

  /** Writes a report into the row of a prediction that another node looks after, or none. */
  private async write(stored: StoredPrediction, report: PredictionReport): Promise<void> {
    const writes: Promise<unknown>[] = [];
    const keeper: RecordKeeper = {
      bind: this.bind,
      advance: (_record, progress) => void writes.push(this.repository.advance([progress])),
      settle: ({ start }, settlement) => void writes.push(this.settleNow(start, settlement)),
    };
    const record = toRecord(stored, { lease: stored.lease ?? '', takenFrom: undefined }, keeper);
    if (!record.reported(report)) this.logger.error(`a report for ${stored.id} is about another prediction`);
    for (const write of writes) await write;
  }

  private async settleNow(start: RecordStart, settlement: Settlement): Promise<void> {
    const first = await this.repository.settle([settlement]);
    if (first.has(settlement.id)) this.count(start, settlement);
  }

  /** Counts an end. What is written stays so, whatever may be wrong with a metric. */
  private count(start: RecordStart, settlement: Settlement): void {
    try {
      this.metrics.settled(start, settlement);
    } catch (error) {
      this.logger.error(`the end of ${settlement.id} is not in the metrics: ${(error as Error).message}`);
    }
  }

  private listen(): void {
    if (this.listening) return;
    this.listening = true;
    this.notifications.on(CHANNEL, (id) => this.live.get(id)?.tell());
    this.notifications.onReset(() => {
      for (const record of this.live.values()) record.tell();
    });
  }
}
