// Keeps the account of all predictions: an intent before each create, one end for each, and who looks after it.
import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { newId } from '../contracts/identifier.js';
import { NodeLease } from '../database/node-lease.service.js';
import { Notifications } from '../database/notifications.service.js';
import type { Call } from '../inference/call.js';
import type { InferenceCall } from '../inference/inference.js';
import type { PredictionReport } from '../inference/prediction-record.js';
import { LiveRecord, type RecordKeeper } from './live-record.js';
import { PredictionWriter } from './prediction-writer.js';
import type { StoredPrediction } from './prediction-rows.js';
import { PredictionsRepository } from './predictions.repository.js';

/** Notices of news about a prediction that another node waits for; the payload is its id. */
const CHANNEL = 'cerebro_prediction';

/** How many of the provider's ids are remembered, to notice one that comes twice. */
const REMEMBERED_IDS = 20_000;

/** Who has an id of the provider's. */
interface Owner {
  readonly id: string;
  readonly tenantId: string;
  /** Whether it was said that another prediction was given this id too. */
  isReported: boolean;
}

/** The records of predictions. */
@Injectable()
export class Predictions implements RecordKeeper {
  private readonly logger = new Logger(Predictions.name);
  private readonly live = new Map<string, LiveRecord>();
  private readonly owners = new LRUCache<string, Owner>({ max: REMEMBERED_IDS });
  private readonly writer: PredictionWriter;
  private listening = false;

  constructor(
    readonly repository: PredictionsRepository,
    private readonly node: NodeLease,
    private readonly notifications: Notifications,
  ) {
    this.writer = new PredictionWriter(repository);
  }

  /**
   * Writes down that a create is about to be sent; it is committed when this resolves.
   *
   * @throws when the database cannot be reached: without its record nothing may be sent
   */
  async open(call: Call, { plan, inputDigest }: InferenceCall): Promise<LiveRecord> {
    this.listen();
    await this.node.hold();
    const { model } = plan.request;
    const id = newId('prd_');
    const lease = randomUUID();
    const start = {
      id,
      tenantId: call.tenantId,
      lease,
      upstream: model.upstream,
      inputDigest,
      durable: call.durable,
      price: plan.price,
    };
    const openedAt = performance.now();
    const deadline = openedAt + plan.timeoutMs;
    await this.writer.insert({
      ...start,
      inputDigest,
      keyId: call.keyId,
      requestId: call.requestId,
      fingerprint: call.fingerprint,
      model: model.id,
      version: plan.version,
      images: plan.request.imageCount,
      timeoutMs: plan.timeoutMs,
      nodeId: this.node.id,
    });
    return this.keep(
      new LiveRecord({ ...start, state: 'intent', upstreamId: undefined, openedAt, deadline }, this),
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

  /** Takes a stored prediction under this node's care; undefined when it has ended or changed hands meanwhile. */
  async adopt(stored: StoredPrediction): Promise<LiveRecord | undefined> {
    const known = this.live.get(stored.id);
    if (known) return known;
    this.listen();
    await this.node.hold();
    const lease = randomUUID();
    if (!(await this.repository.take(stored.id, stored.lease, this.node.id, lease))) return undefined;
    return this.live.get(stored.id) ?? this.keepStored(stored, lease);
  }

  /** Takes what nobody looks after, for the reconciler. */
  async adoptOrphans(limit: number, graceMs: number): Promise<LiveRecord[]> {
    await this.node.hold();
    const lease = randomUUID();
    const ids = await this.repository.takeOrphans(this.node.id, lease, limit, graceMs);
    const stored = await Promise.all(ids.map((id) => this.repository.find(id)));
    return stored.flatMap((row) => (row?.settledForMs === null ? this.keepStored(row, lease) : []));
  }

  /** Whether the prediction is still this record's, and nobody else's who has come for it. */
  async isOurs(record: LiveRecord): Promise<boolean> {
    const stored = await this.repository.find(record.id);
    return stored?.lease === record.start.lease;
  }

  /** Lets go of a record that somebody else looks after now. */
  forget(record: LiveRecord): void {
    this.live.delete(record.id);
  }

  /** Stops looking after a prediction that goes on; the reconciler looks at it after a while. */
  async release(record: LiveRecord, checkInMs: number): Promise<void> {
    await this.writer.flush(record.id);
    this.live.delete(record.id);
    await this.repository.release(record.id, record.start.lease, checkInMs);
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
      live.reported(report);
      return true;
    }
    const stored = await this.repository.find(id);
    if (!stored) return false;
    if (stored.settledForMs !== null) return true;
    const record = toRecord(stored, stored.lease ?? '', this);
    record.reported(report);
    await this.writer.settled();
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
    this.writer.settle(settlement);
  };

  bind: RecordKeeper['bind'] = ({ id, start: { tenantId } }, upstreamId) => {
    const owner = this.owners.get(upstreamId);
    if (!owner) this.owners.set(upstreamId, { id, tenantId, isReported: false });
    if (!owner || owner.id === id) return 'own';
    if (!owner.isReported)
      this.logger.error(`Replicate gave ${id} the id ${upstreamId}, which is ${owner.id}'s`);
    owner.isReported = true;
    return owner.tenantId === tenantId ? 'shared' : 'foreign';
  };

  private keep(record: LiveRecord): LiveRecord {
    this.live.set(record.id, record);
    return record;
  }

  private keepStored(stored: StoredPrediction, lease: string): LiveRecord {
    return this.keep(toRecord(stored, lease, this));
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

function toRecord(stored: StoredPrediction, lease: string, keeper: RecordKeeper): LiveRecord {
  const { id, tenantId, state, upstream, inputDigest, durable } = stored;
  return new LiveRecord(
    {
      id,
      tenantId,
      lease,
      state,
      upstream,
      inputDigest,
      durable,
      upstreamId: stored.upstreamId ?? undefined,
      price: stored.price ?? undefined,
      openedAt: performance.now() - stored.ageMs,
      deadline: performance.now() + stored.remainingMs,
    },
    keeper,
  );
}
