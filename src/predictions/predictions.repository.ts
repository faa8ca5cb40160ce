// The statements about predictions, a batch each where many requests write at the same time.
import { Injectable } from '@nestjs/common';
import { PrismaService } from '../database/prisma.service.js';
import type { Holder } from './live-record.js';
import type { Intent, Progress, Refusal, Settlement, StoredPrediction, Unbound } from './prediction-rows.js';

/** What a node looks for that nobody looks after. */
export interface OrphanSearch {
  readonly nodeId: string;
  /** The predictions of this node that it does look after. */
  readonly known: readonly string[];
  /** Whether those of other nodes are looked for too. */
  readonly others: boolean;
  readonly lease: string;
  readonly limit: number;
  /** How long after its deadline a prediction is nobody's, whoever holds it, in milliseconds. */
  readonly graceMs: number;
}

/** Whose predictions without an id are looked for: those that the same list at the provider would show. */
export interface UnboundSearch {
  readonly upstream: string;
  readonly inputDigest: Uint8Array;
  /** Whether on the tenant's own account, or on the gateway's, whoever asked. */
  readonly ownUpstream: boolean;
  readonly tenantId: string;
}

/**
 * Writes and reads predictions. Values go to the database as parameters, lists as one JSON parameter. Updates by
 * id say `state < 'succeeded'` for what has not ended: by `settled_at IS NULL` PostgreSQL would read the index of
 * all open rows instead, which in a busy ledger is full of rows that have just ended.
 */
@Injectable()
export class PredictionsRepository {
  constructor(private readonly prisma: PrismaService) {}

  /**
   * Writes groups of intents, each wholly where limits leave room for it, holding what they may cost, or not at all.
   * Committed when this resolves.
   *
   * @returns why each group was refused, in their order; undefined for those that were written
   */
  async admit(groups: readonly (readonly Intent[])[]): Promise<(Refusal | undefined)[]> {
    const items = groups.flatMap((intents) => intents.map((intent) => intentRow(intent, intents[0]?.id)));
    const rows = await this.prisma.direct<{ id: string } & (Refusal | { refusal: null })>`
      SELECT id, refusal, scope, mendable FROM admit_predictions(${JSON.stringify(items)}::jsonb)`;
    const refused = new Map(rows.flatMap((row) => (row.refusal === null ? [] : [[row.id, row]])));
    return groups.map(([first]) => first && refused.get(first.id));
  }

  /** Notes what became known. What is older than what is written is ignored. */
  async advance(progress: readonly Progress[]): Promise<void> {
    await this.prisma.$executeRaw`
      -- One prediction may have come twice, and only one row of a join would count.
      WITH r AS (
        SELECT id, max(state::prediction_state) AS state, max(upstream_id) AS upstream_id,
          min(sent_at) AS sent_at, min(started_at) AS started_at
        FROM jsonb_to_recordset(${JSON.stringify(progress.map(progressRow))}::jsonb)
          AS r(id text, state text, upstream_id text, sent_at timestamptz, started_at timestamptz)
        GROUP BY id
      ), locked AS MATERIALIZED (
        -- In the order of their ids, as everybody locks predictions.
        SELECT p.id FROM predictions p JOIN r ON r.id = p.id
        WHERE p.state < 'succeeded' ORDER BY p.id FOR NO KEY UPDATE OF p
      )
      UPDATE predictions p SET
        state = GREATEST(p.state, r.state),
        upstream_id = COALESCE(p.upstream_id, r.upstream_id),
        sent_at = COALESCE(p.sent_at, r.sent_at),
        started_at = COALESCE(p.started_at, r.started_at)
      FROM r JOIN locked ON locked.id = r.id
      WHERE p.id = r.id AND p.state < 'succeeded'`;
  }

  /** Writes ends. An end counts once: gives the ids of those that were the first to say so. */
  async settle(settlements: readonly Settlement[]): Promise<Set<string>> {
    const rows = await this.prisma.direct<{ id: string }>`
      SELECT id FROM settle_predictions(${JSON.stringify(settlements.map(settlementRow))}::jsonb) AS id`;
    return new Set(rows.map(({ id }) => id));
  }

  /** A prediction by our id. */
  async find(id: string): Promise<StoredPrediction | undefined> {
    const rows = await this.prisma.$queryRaw<StoredPrediction[]>`
      SELECT id, tenant_id AS "tenantId", node_id::text AS "nodeId", EXISTS (
          SELECT 1 FROM nodes n WHERE n.id = node_id AND n.expires_at > now()) AS held, state::text AS state, upstream_id AS "upstreamId", input_digest AS "inputDigest", model, upstream,
        durable, own_upstream AS "ownUpstream", lease::text AS lease, price,
        (extract(epoch FROM now() - created_at) * 1000)::float8 AS "ageMs",
        (extract(epoch FROM now() - settled_at) * 1000)::float8 AS "settledForMs",
        (extract(epoch FROM deadline_at - now()) * 1000)::float8 AS "remainingMs"
      FROM predictions WHERE id = ${id}`;
    return rows[0];
  }

  /** The newest prediction of a tenant for one fingerprint, not older than so many milliseconds. */
  async findRepeated(
    tenantId: string,
    fingerprint: Buffer,
    withinMs: number,
  ): Promise<StoredPrediction | undefined> {
    const rows = await this.prisma.$queryRaw<{ id: string }[]>`
      SELECT id FROM predictions
      WHERE tenant_id = ${tenantId} AND fingerprint = ${fingerprint}
        AND created_at > now() - ${withinMs} * interval '1 millisecond'
      ORDER BY created_at DESC, id DESC LIMIT 1`;
    return rows[0] && (await this.find(rows[0].id));
  }

  /**
   * Takes over a prediction from whoever holds it under the lease given.
   *
   * @returns false when it has ended or changed hands
   */
  async take(id: string, from: string | null, nodeId: string, lease: string): Promise<boolean> {
    const taken = await this.prisma.$executeRaw`
      UPDATE predictions SET node_id = ${nodeId}::uuid, lease = ${lease}::uuid
      WHERE id = ${id} AND settled_at IS NULL AND lease IS NOT DISTINCT FROM ${from}::uuid`;
    return taken === 1;
  }

  /** Gives a prediction up, for any node's reconciler to look at after a while. */
  async release(id: string, lease: string, checkInMs: number): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE predictions SET node_id = NULL, lease = NULL,
        check_at = now() + ${checkInMs} * interval '1 millisecond'
      WHERE id = ${id} AND settled_at IS NULL AND lease = ${lease}::uuid`;
  }

  /**
   * Predictions of a key or tenant that may not be used any more are not worth finishing alone.
   *
   * @returns how many
   */
  disown(id: string): Promise<number> {
    return this.prisma.$executeRaw`
      WITH theirs AS MATERIALIZED (
        SELECT p.id FROM predictions p JOIN api_keys k ON k.id = p.key_id JOIN tenants t ON t.id = k.tenant_id
        WHERE p.settled_at IS NULL AND p.durable AND (p.tenant_id = ${id} OR p.key_id = ${id})
          AND (k.revoked_at IS NOT NULL OR k.expires_at <= now()
            OR t.suspended_at IS NOT NULL OR t.deleted_at IS NOT NULL)
        ORDER BY p.id FOR NO KEY UPDATE OF p)
      UPDATE predictions p SET durable = false, check_at = now()
      FROM theirs WHERE p.id = theirs.id`;
  }

  /** Gives a prediction back to who looked after it before. */
  async giveBack(id: string, lease: string, to: Holder): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE predictions SET node_id = ${to.nodeId}::uuid, lease = ${to.lease}::uuid, check_at = now()
      WHERE id = ${id} AND settled_at IS NULL AND lease = ${lease}::uuid`;
  }

  /**
   * Takes predictions that nobody looks after: given up; of this node, which does not know them any more; and, where
   * `others` allows it, of nodes that have died, or long past their deadline. Each goes to one taker, however many ask.
   */
  async takeOrphans({ nodeId, known, others, lease, limit, graceMs }: OrphanSearch): Promise<string[]> {
    const rows = await this.prisma.$queryRaw<{ id: string }[]>`
      WITH orphans AS MATERIALIZED (
        SELECT p.id FROM predictions p
        WHERE p.settled_at IS NULL AND p.check_at <= now() AND (
          p.node_id IS NULL
          OR (p.node_id = ${nodeId}::uuid AND p.created_at < now() - interval '15 seconds'
            AND p.id <> ALL (${known}::text[]))
          OR (${others} AND p.node_id <> ${nodeId}::uuid AND (
            NOT EXISTS (SELECT 1 FROM nodes n WHERE n.id = p.node_id AND n.expires_at > now())
            OR p.deadline_at < now() - ${graceMs} * interval '1 millisecond')))
        ORDER BY p.upstream_id IS NULL, p.check_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)
      UPDATE predictions p SET node_id = ${nodeId}::uuid, lease = ${lease}::uuid,
        -- One that cannot be brought to its end is not looked at in every round.
        check_at = now() + interval '5 seconds'
      FROM orphans WHERE p.id = orphans.id
      RETURNING p.id`;
    return rows.map(({ id }) => id);
  }

  /** Predictions with the same input, on one account, that wait for their provider's id, oldest first. */
  findUnbound({ upstream, inputDigest, ownUpstream, tenantId }: UnboundSearch): Promise<Unbound[]> {
    return this.prisma.$queryRaw<Unbound[]>`
      SELECT p.id, (extract(epoch FROM now() - p.created_at) * 1000)::float8 AS "ageMs", EXISTS (
        SELECT 1 FROM nodes n WHERE n.id = p.node_id AND n.expires_at > now()) AS held
      FROM predictions p
      WHERE p.settled_at IS NULL AND p.upstream_id IS NULL AND p.upstream = ${upstream}
        AND p.input_digest = ${inputDigest} AND p.own_upstream = ${ownUpstream}
        AND (NOT p.own_upstream OR p.tenant_id = ${tenantId})
      ORDER BY p.created_at, p.id`;
  }

  /** How many predictions, of all nodes, are past their deadline by so many milliseconds and not settled. */
  async countOverdue(graceMs: number): Promise<number> {
    const [row] = await this.prisma.$queryRaw<{ overdue: number }[]>`
      SELECT count(*)::int AS overdue FROM predictions
      WHERE settled_at IS NULL AND deadline_at < now() - ${graceMs} * interval '1 millisecond'`;
    return row?.overdue ?? 0;
  }

  /** Which of the provider's ids belong to predictions of ours. */
  async boundAmong(upstreamIds: readonly string[]): Promise<Set<string>> {
    const rows = await this.prisma.prediction.findMany({
      where: { upstreamId: { in: [...upstreamIds] } },
      select: { upstreamId: true },
    });
    return new Set(rows.flatMap(({ upstreamId }) => upstreamId ?? []));
  }
}

function intentRow(intent: Intent, group: string | undefined): object {
  return {
    id: intent.id,
    group_id: group,
    tenant_id: intent.tenantId,
    key_id: intent.keyId,
    account_id: intent.accountId,
    own_upstream: intent.ownUpstream,
    held_nanos: intent.heldNanos?.toString(),
    request_id: intent.requestId,
    fingerprint: intent.fingerprint.toString('hex'),
    model: intent.model,
    upstream: intent.upstream,
    version: intent.version,
    input_digest: intent.inputDigest.toString('hex'),
    images: intent.images,
    prompt_tokens: intent.promptTokens,
    durable: intent.durable,
    timeout_ms: intent.timeoutMs,
    node_id: intent.nodeId,
    lease: intent.lease,
    price: intent.price,
  };
}

function progressRow({ id, state, upstreamId, sentAt, startedAt }: Progress): object {
  return { id, state, upstream_id: upstreamId, sent_at: sentAt, started_at: startedAt };
}

function settlementRow({ id, upstreamId, sentAt, outcome, bill, error, lease }: Settlement): object {
  return {
    id,
    upstream_id: upstreamId,
    sent_at: sentAt,
    state: outcome.state,
    started_at: outcome.startedAt,
    completed_at: outcome.completedAt,
    run_time_us: outcome.runTimeUs,
    prompt_tokens: outcome.tokens?.prompt,
    completion_tokens: outcome.tokens?.completion ?? outcome.countedCompletion,
    billing: bill.billing,
    cost_nanos: bill.costNanos?.toString(),
    error,
    lease,
  };
}
