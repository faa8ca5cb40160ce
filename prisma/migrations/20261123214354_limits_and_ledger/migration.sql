-- AlterTable
ALTER TABLE "api_keys" ADD COLUMN     "account_id" TEXT,
ADD COLUMN     "ip_allowlist" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "last_used_at" TIMESTAMPTZ(3),
ADD COLUMN     "max_concurrency" INTEGER,
ADD COLUMN     "models" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "monthly_budget_nanos" BIGINT,
ADD COLUMN     "requests_per_minute" INTEGER,
ADD COLUMN     "rotated_from" TEXT,
ADD COLUMN     "rotated_to" TEXT,
ADD COLUMN     "scopes" TEXT[] DEFAULT ARRAY['inference']::TEXT[],
ADD COLUMN     "tokens_per_minute" INTEGER,
ADD COLUMN     "total_budget_nanos" BIGINT;

-- AlterTable
ALTER TABLE "predictions" ADD COLUMN     "account_id" TEXT,
ADD COLUMN     "held_nanos" BIGINT,
ADD COLUMN     "own_upstream" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "tenants" ADD COLUMN     "alert_secret" TEXT,
ADD COLUMN     "alert_thresholds" INTEGER[] DEFAULT ARRAY[50, 80, 100]::INTEGER[],
ADD COLUMN     "alert_url" TEXT,
ADD COLUMN     "deleted_at" TIMESTAMPTZ(3),
ADD COLUMN     "max_concurrency" INTEGER,
ADD COLUMN     "monthly_budget_nanos" BIGINT,
ADD COLUMN     "requests_per_minute" INTEGER,
ADD COLUMN     "suspended_at" TIMESTAMPTZ(3),
ADD COLUMN     "tokens_per_minute" INTEGER,
ADD COLUMN     "total_budget_nanos" BIGINT,
ADD COLUMN     "upstream_token" TEXT,
ADD COLUMN     "upstream_token_set_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "accounts" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "running" INTEGER NOT NULL DEFAULT 0,
    "month" DATE NOT NULL,
    "month_held" BIGINT NOT NULL DEFAULT 0,
    "month_spent" BIGINT NOT NULL DEFAULT 0,
    "total_held" BIGINT NOT NULL DEFAULT 0,
    "total_spent" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "accounts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "usage_rollups" (
    "tenant_id" TEXT NOT NULL,
    "width" INTEGER NOT NULL,
    "bucket" TIMESTAMPTZ(0) NOT NULL,
    "key_id" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "predictions" INTEGER NOT NULL,
    "succeeded" INTEGER NOT NULL,
    "images" BIGINT NOT NULL,
    "prompt_tokens" BIGINT NOT NULL,
    "completion_tokens" BIGINT NOT NULL,
    "run_time_us" BIGINT NOT NULL,
    "cost_nanos" BIGINT NOT NULL,
    "uncertain_nanos" BIGINT NOT NULL,
    "unpriced" INTEGER NOT NULL,

    CONSTRAINT "usage_rollups_pkey" PRIMARY KEY ("tenant_id","width","bucket","key_id","model")
);

-- CreateTable
CREATE TABLE "budget_alerts" (
    "id" TEXT NOT NULL,
    "tenant_id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "period" TEXT NOT NULL,
    "threshold" INTEGER NOT NULL,
    "budget_nanos" BIGINT NOT NULL,
    "spent_nanos" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) DEFAULT CURRENT_TIMESTAMP,
    "delivered_at" TIMESTAMPTZ(3),
    "last_outcome" TEXT,

    CONSTRAINT "budget_alerts_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "accounts_tenant_id_idx" ON "accounts"("tenant_id");

-- CreateIndex
CREATE INDEX "usage_rollups_width_bucket_idx" ON "usage_rollups"("width", "bucket");

-- CreateIndex
CREATE INDEX "budget_alerts_tenant_id_id_idx" ON "budget_alerts"("tenant_id", "id");

-- CreateIndex
CREATE INDEX "budget_alerts_next_attempt_at_idx" ON "budget_alerts"("next_attempt_at");

-- CreateIndex
CREATE UNIQUE INDEX "budget_alerts_account_id_period_threshold_budget_nanos_key" ON "budget_alerts"("account_id", "period", "threshold", "budget_nanos");

-- What follows is what Prisma cannot say.

-- Rows that change all the time: room on their pages keeps the changes there.
ALTER TABLE "accounts" SET (fillfactor = 50);
ALTER TABLE "usage_rollups" SET (fillfactor = 70);

ALTER TABLE "accounts" ADD CONSTRAINT "accounts_amounts_check"
  CHECK ("running" >= 0 AND "month_held" >= 0 AND "total_held" >= 0);

-- Alerts that wait to be delivered are few among many.
DROP INDEX "budget_alerts_next_attempt_at_idx";
CREATE INDEX "budget_alerts_next_attempt_at_idx" ON "budget_alerts"("next_attempt_at")
  WHERE "next_attempt_at" IS NOT NULL;

-- Whatever changes a key or a tenant, every node hears of it with the commit. Only a key's last use does not count.
CREATE FUNCTION "notify_credentials"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND to_jsonb(OLD) - 'last_used_at' = to_jsonb(NEW) - 'last_used_at' THEN
    RETURN NULL;
  END IF;
  PERFORM pg_notify('cerebro_credentials', CASE TG_OP WHEN 'DELETE' THEN OLD.id ELSE NEW.id END);
  RETURN NULL;
END $$;

CREATE TRIGGER "api_keys_notify" AFTER UPDATE OR DELETE ON "api_keys"
  FOR EACH ROW EXECUTE FUNCTION "notify_credentials"();
CREATE TRIGGER "tenants_notify" AFTER UPDATE OR DELETE ON "tenants"
  FOR EACH ROW EXECUTE FUNCTION "notify_credentials"();

-- The month that a moment belongs to, in UTC; the moment as `created_at` has it, which is rounded to milliseconds.
CREATE FUNCTION "month_of"("moment" timestamptz(3)) RETURNS date LANGUAGE sql IMMUTABLE
  RETURN date_trunc('month', "moment"::timestamptz(3) AT TIME ZONE 'UTC')::date;

-- Why predictions cannot be admitted together; no row where they can. Their accounts are locked by the caller.
-- `mendable`: the end of what runs may make room. `hopeless`: nor can any one of them; `one_mendable`: for one it may.
CREATE FUNCTION "admission_obstacle"("items" jsonb)
RETURNS TABLE ("refusal" text, "scope" text, "mendable" boolean, "hopeless" boolean, "one_mendable" boolean)
LANGUAGE sql AS $$
  WITH wanted AS (
    SELECT r.tenant_id, r.key_id, r.account_id, count(*) AS n, COALESCE(sum(r.held_nanos), 0) AS held,
      COALESCE(min(r.held_nanos), 0) AS least, bool_or(r.held_nanos IS NULL) AS unpriced,
      bool_and(r.held_nanos IS NULL) AS all_unpriced
    FROM jsonb_to_recordset(items)
      AS r(tenant_id text, key_id text, account_id text, held_nanos bigint)
    GROUP BY r.tenant_id, r.key_id, r.account_id
  ), holders AS (
    -- A key and the one that it replaces share an account; the stricter of their limits holds.
    SELECT 'key' AS scope, w.account_id AS id, sum(w.n) AS n, sum(w.held) AS held, min(w.least) AS least,
      bool_or(w.unpriced) AS unpriced, bool_and(w.all_unpriced) AS all_unpriced,
      min(k.max_concurrency) AS max_concurrency, min(k.monthly_budget_nanos) AS monthly,
      min(k.total_budget_nanos) AS total, count(*) AS parts,
      bool_and(k.id IS NOT NULL AND k.revoked_at IS NULL
        AND (k.expires_at IS NULL OR k.expires_at > now())) AS usable
    FROM wanted w LEFT JOIN api_keys k ON k.id = w.key_id AND k.tenant_id = w.tenant_id
    GROUP BY w.account_id
    UNION ALL
    SELECT 'tenant', w.tenant_id, sum(w.n), sum(w.held), min(w.least), bool_or(w.unpriced),
      bool_and(w.all_unpriced), min(t.max_concurrency), min(t.monthly_budget_nanos), min(t.total_budget_nanos),
      1, bool_and(t.id IS NOT NULL AND t.suspended_at IS NULL AND t.deleted_at IS NULL)
    FROM wanted w LEFT JOIN tenants t ON t.id = w.tenant_id
    GROUP BY w.tenant_id
  ), standing AS (
    SELECT h.*, a.running, a.total_spent, a.total_held,
      CASE WHEN a.month < month_of(now()) THEN 0 ELSE a.month_spent END AS month_spent,
      CASE WHEN a.month < month_of(now()) THEN 0 ELSE a.month_held END AS month_held
    FROM holders h JOIN accounts a ON a.id = h.id
  ), judged AS (
    SELECT s.scope, CASE
      WHEN NOT s.usable THEN 'unusable'
      WHEN s.unpriced AND (s.monthly IS NOT NULL OR s.total IS NOT NULL) THEN 'unpriced'
      WHEN s.total_spent + s.total_held + s.held > s.total THEN 'total_budget'
      WHEN s.month_spent + s.month_held + s.held > s.monthly THEN 'monthly_budget'
      WHEN s.running + s.n > s.max_concurrency THEN 'concurrency'
    END AS refusal,
    COALESCE(s.total_spent + s.held <= s.total, true) AND COALESCE(s.month_spent + s.held <= s.monthly, true)
      AND COALESCE(s.n <= s.max_concurrency, true) AS mendable,
    COALESCE(s.total_spent + s.least <= s.total, true) AND COALESCE(s.month_spent + s.least <= s.monthly, true)
      AND COALESCE(1 <= s.max_concurrency, true) AS one_mendable,
    (NOT s.usable AND s.parts = 1)
      OR (s.all_unpriced AND (s.monthly IS NOT NULL OR s.total IS NOT NULL))
      OR COALESCE(s.total_spent + s.total_held + s.least > s.total, false)
      OR COALESCE(s.month_spent + s.month_held + s.least > s.monthly, false)
      OR COALESCE(s.running + 1 > s.max_concurrency, false) AS hopeless
    FROM standing s
  )
  SELECT refusal, scope, mendable AND refusal NOT IN ('unusable', 'unpriced'), hopeless,
    one_mendable AND refusal NOT IN ('unusable', 'unpriced')
  FROM judged WHERE refusal IS NOT NULL
  -- What a wait may mend comes last.
  ORDER BY refusal = 'concurrency', refusal <> 'unusable', scope LIMIT 1
$$;

-- Admits predictions whose accounts are locked: all of them where they fit, else part by part, so that nobody pays
-- for another's lack of room: first by account, then by halves. Those of one `group` stay together, to the last.
CREATE FUNCTION "admit_locked"("items" jsonb)
RETURNS TABLE ("id" text, "refusal" text, "scope" text, "mendable" boolean)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  this_month date := month_of(now()::timestamptz(3));
  obstacle record;
  part jsonb;
  accounts_here int;
  groups_here int;
BEGIN
  SELECT * INTO obstacle FROM admission_obstacle(items);
  IF obstacle.refusal IS NULL THEN
    INSERT INTO predictions (id, tenant_id, key_id, account_id, own_upstream, held_nanos, request_id,
      fingerprint, model, upstream, version, input_digest, images, prompt_tokens, durable, deadline_at, node_id,
      lease, price)
    SELECT r.id, r.tenant_id, r.key_id, r.account_id, r.own_upstream, r.held_nanos, r.request_id,
      decode(r.fingerprint, 'hex'), r.model, r.upstream, r.version, decode(r.input_digest, 'hex'), r.images,
      r.prompt_tokens, r.durable, now() + r.timeout_ms * interval '1 millisecond', r.node_id, r.lease, r.price
    FROM jsonb_to_recordset(items) AS r(id text, tenant_id text, key_id text, account_id text,
      own_upstream boolean, held_nanos bigint, request_id text, fingerprint text, model text, upstream text,
      version text, input_digest text, images int, prompt_tokens int, durable boolean, timeout_ms bigint,
      node_id uuid, lease uuid, price jsonb);

    UPDATE accounts a SET
      running = a.running + w.n,
      month = GREATEST(a.month, this_month),
      month_spent = CASE WHEN a.month < this_month THEN 0 ELSE a.month_spent END,
      month_held = CASE
        WHEN a.month < this_month THEN w.held
        -- The month was over while this waited for its turn: it counts as the one before.
        WHEN a.month > this_month THEN a.month_held
        ELSE a.month_held + w.held
      END,
      total_held = a.total_held + w.held
    FROM (
      SELECT u.id, count(*) AS n, COALESCE(sum(r.held_nanos), 0) AS held
      FROM jsonb_to_recordset(items) AS r(tenant_id text, account_id text, held_nanos bigint),
        unnest(ARRAY[r.tenant_id, r.account_id]) AS u(id)
      GROUP BY u.id
    ) w
    WHERE a.id = w.id;

    RETURN QUERY SELECT r.id, NULL::text, NULL::text, NULL::boolean FROM jsonb_to_recordset(items) AS r(id text);
    RETURN;
  END IF;

  SELECT count(DISTINCT r.account_id), count(DISTINCT COALESCE(r.group_id, r.id)) INTO accounts_here, groups_here
  FROM jsonb_to_recordset(items) AS r(id text, account_id text, group_id text);

  IF groups_here = 1 OR (accounts_here = 1 AND obstacle.hopeless) THEN
    RETURN QUERY SELECT r.id, obstacle.refusal, obstacle.scope,
      CASE groups_here WHEN 1 THEN obstacle.mendable ELSE obstacle.one_mendable END
    FROM jsonb_to_recordset(items) AS r(id text);
  ELSIF accounts_here > 1 THEN
    FOR part IN
      SELECT jsonb_agg(e.value ORDER BY e.at)
      FROM jsonb_array_elements(items) WITH ORDINALITY AS e(value, at)
      GROUP BY e.value ->> 'account_id' ORDER BY min(e.at)
    LOOP
      RETURN QUERY SELECT * FROM admit_locked(part);
    END LOOP;
  ELSE
    FOR part IN
      SELECT jsonb_agg(e.value ORDER BY e.at)
      FROM (
        SELECT v.value, v.at,
          -- The place of its group among the groups, in the order in which they come.
          dense_rank() OVER (ORDER BY min(v.at) OVER (PARTITION BY COALESCE(v.value ->> 'group_id', v.value ->> 'id'))) AS place
        FROM jsonb_array_elements(items) WITH ORDINALITY AS v(value, at)
      ) e
      GROUP BY e.place > groups_here / 2 ORDER BY min(e.at)
    LOOP
      RETURN QUERY SELECT * FROM admit_locked(part);
    END LOOP;
  END IF;
END $$;

-- Writes the intents of predictions, holds the most that each can cost, and counts it as running: each one that its
-- key's and its tenant's limits leave room for, in the order given, or nothing of it. Gives a row for each, with the
-- reason where it was refused. Exact over all nodes, because the accounts are locked, in the order of their ids.
CREATE FUNCTION "admit_predictions"("items" jsonb)
RETURNS TABLE ("id" text, "refusal" text, "scope" text, "mendable" boolean)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  INSERT INTO accounts (id, tenant_id, month)
  SELECT w.id, w.tenant_id, month_of(now()::timestamptz(3)) FROM (
    SELECT r.tenant_id AS id, r.tenant_id FROM jsonb_to_recordset(items) AS r(tenant_id text)
    UNION
    SELECT r.account_id, r.tenant_id FROM jsonb_to_recordset(items) AS r(tenant_id text, account_id text)
  ) w
  WHERE NOT EXISTS (SELECT 1 FROM accounts a WHERE a.id = w.id)
  ORDER BY w.id
  ON CONFLICT DO NOTHING;

  PERFORM 1 FROM accounts a
  WHERE a.id IN (
    SELECT unnest(ARRAY[r.tenant_id, r.account_id])
    FROM jsonb_to_recordset(items) AS r(tenant_id text, account_id text))
  ORDER BY a.id FOR NO KEY UPDATE;

  RETURN QUERY SELECT * FROM admit_locked(items);
END $$;

-- Books the ends of predictions, whoever writes them, in the statement that writes them: gives back what was held, adds
-- what it cost to the accounts and the rollups, and writes the alerts that are due.
CREATE FUNCTION "book_ends"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Most changes of predictions are no ends.
  IF NOT EXISTS (
    SELECT 1 FROM new_rows n JOIN old_rows o ON o.id = n.id
    WHERE n.settled_at IS NOT NULL AND o.settled_at IS NULL
  ) THEN
    RETURN NULL;
  END IF;

  -- `settle_predictions` has these locks already; others have not.
  PERFORM 1 FROM accounts a
  WHERE a.id IN (
    SELECT unnest(ARRAY[n.tenant_id, n.account_id]) FROM new_rows n JOIN old_rows o ON o.id = n.id
    WHERE n.settled_at IS NOT NULL AND o.settled_at IS NULL AND n.account_id IS NOT NULL)
  ORDER BY a.id FOR NO KEY UPDATE;

  WITH done AS (
    SELECT n.*,
      -- What nobody can tell costs what was held for it.
      CASE WHEN n.billing = 'unknown' THEN COALESCE(n.held_nanos, 0) ELSE 0 END AS uncertain
    FROM new_rows n JOIN old_rows o ON o.id = n.id
    WHERE n.settled_at IS NOT NULL AND o.settled_at IS NULL
  ), booked AS (
    -- No end may be lost because a sum is wrong: below nothing is nothing.
    UPDATE accounts a SET
      running = GREATEST(0, a.running - d.n),
      month_held = GREATEST(0, a.month_held - d.month_held),
      month_spent = a.month_spent + d.month_spent,
      total_held = GREATEST(0, a.total_held - d.held),
      total_spent = a.total_spent + d.spent
    FROM (
      SELECT s.id, count(*) AS n, sum(s.held) AS held, sum(s.spent) AS spent,
        COALESCE(sum(s.held) FILTER (WHERE s.month = b.month), 0) AS month_held,
        COALESCE(sum(s.spent) FILTER (WHERE s.month = b.month), 0) AS month_spent
      FROM (
        SELECT u.id, month_of(done.created_at) AS month, COALESCE(done.held_nanos, 0) AS held,
          COALESCE(done.cost_nanos, 0) + done.uncertain AS spent
        FROM done, unnest(ARRAY[done.tenant_id, done.account_id]) AS u(id)
        WHERE done.account_id IS NOT NULL
      ) s JOIN accounts b ON b.id = s.id
      GROUP BY s.id
    ) d
    WHERE a.id = d.id
    RETURNING a.id, a.tenant_id, a.month, a.month_spent, a.total_spent
  ), rolled AS (
    INSERT INTO usage_rollups AS u (tenant_id, width, bucket, key_id, model, predictions, succeeded, images,
      prompt_tokens, completion_tokens, run_time_us, cost_nanos, uncertain_nanos, unpriced)
    SELECT d.tenant_id, w.width, date_trunc(w.unit, d.created_at, 'UTC') AS bucket, d.key_id, d.model, count(*),
      count(*) FILTER (WHERE d.state = 'succeeded'), sum(d.images), COALESCE(sum(d.prompt_tokens), 0),
      COALESCE(sum(d.completion_tokens), 0), COALESCE(sum(d.run_time_us), 0), COALESCE(sum(d.cost_nanos), 0),
      sum(d.uncertain), count(*) FILTER (WHERE d.billing = 'unpriced')
    FROM done d CROSS JOIN (VALUES (60, 'minute'), (3600, 'hour'), (86400, 'day')) AS w(width, unit)
    GROUP BY d.tenant_id, w.width, bucket, d.key_id, d.model
    ORDER BY d.tenant_id, w.width, bucket, d.key_id, d.model
    ON CONFLICT (tenant_id, width, bucket, key_id, model) DO UPDATE SET
      predictions = u.predictions + excluded.predictions,
      succeeded = u.succeeded + excluded.succeeded,
      images = u.images + excluded.images,
      prompt_tokens = u.prompt_tokens + excluded.prompt_tokens,
      completion_tokens = u.completion_tokens + excluded.completion_tokens,
      run_time_us = u.run_time_us + excluded.run_time_us,
      cost_nanos = u.cost_nanos + excluded.cost_nanos,
      uncertain_nanos = u.uncertain_nanos + excluded.uncertain_nanos,
      unpriced = u.unpriced + excluded.unpriced
  ), budgets AS (
    SELECT b.tenant_id, b.id, p.period, p.budget, p.spent
    FROM booked b
    LEFT JOIN tenants t ON t.id = b.id
    LEFT JOIN LATERAL (
      SELECT min(k.monthly_budget_nanos) AS monthly, min(k.total_budget_nanos) AS total
      FROM done d JOIN api_keys k ON k.id = d.key_id
      WHERE d.account_id = b.id
    ) k ON true,
    LATERAL (VALUES
      (to_char(b.month, 'YYYY-MM'), COALESCE(t.monthly_budget_nanos, k.monthly), b.month_spent),
      ('total', COALESCE(t.total_budget_nanos, k.total), b.total_spent)
    ) AS p(period, budget, spent)
    WHERE p.budget IS NOT NULL
  )
  INSERT INTO budget_alerts (id, tenant_id, account_id, period, threshold, budget_nanos, spent_nanos)
  SELECT 'evt_' || replace(gen_random_uuid()::text, '-', ''), b.tenant_id, b.id, b.period, h.threshold,
    b.budget, b.spent
  FROM budgets b JOIN tenants t ON t.id = b.tenant_id, unnest(t.alert_thresholds) AS h(threshold)
  WHERE t.alert_url IS NOT NULL AND b.spent * 100 >= b.budget * h.threshold
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;

CREATE TRIGGER "predictions_book_ends" AFTER UPDATE ON "predictions"
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION "book_ends"();

-- Writes the ends of predictions, each once. Gives the ids of those that had not ended before.
CREATE FUNCTION "settle_predictions"("items" jsonb) RETURNS SETOF text
LANGUAGE plpgsql AS $$
BEGIN
  -- Accounts before predictions, in the order of their ids, as everybody locks them.
  PERFORM 1 FROM accounts a
  WHERE a.id IN (
    SELECT unnest(ARRAY[p.tenant_id, p.account_id])
    FROM jsonb_to_recordset(items) AS r(id text) JOIN predictions p ON p.id = r.id
    WHERE p.account_id IS NOT NULL)
  ORDER BY a.id FOR NO KEY UPDATE;

  PERFORM 1 FROM predictions p
  WHERE p.id IN (SELECT r.id FROM jsonb_to_recordset(items) AS r(id text)) AND p.state < 'succeeded'
  ORDER BY p.id FOR NO KEY UPDATE;

  RETURN QUERY
  UPDATE predictions p SET
    state = r.state::prediction_state,
    upstream_id = COALESCE(p.upstream_id, r.upstream_id),
    sent_at = COALESCE(p.sent_at, r.sent_at),
    started_at = COALESCE(r.started_at, p.started_at),
    completed_at = r.completed_at,
    settled_at = now(),
    run_time_us = r.run_time_us,
    prompt_tokens = COALESCE(r.prompt_tokens, p.prompt_tokens),
    completion_tokens = r.completion_tokens,
    billing = r.billing::billing,
    cost_nanos = r.cost_nanos,
    error = r.error,
    node_id = NULL,
    lease = NULL
  FROM jsonb_to_recordset(items)
    AS r(id text, state text, upstream_id text, sent_at timestamptz, started_at timestamptz,
      completed_at timestamptz, run_time_us bigint, prompt_tokens int, completion_tokens int, billing text,
      cost_nanos bigint, error text, lease uuid)
  WHERE p.id = r.id AND p.state < 'succeeded' AND (r.lease IS NULL OR p.lease = r.lease)
  RETURNING p.id;
END $$;

-- Usage of what has ended so far.
INSERT INTO usage_rollups (tenant_id, width, bucket, key_id, model, predictions, succeeded, images, prompt_tokens,
  completion_tokens, run_time_us, cost_nanos, uncertain_nanos, unpriced)
SELECT p.tenant_id, w.width, date_trunc(w.unit, p.created_at, 'UTC') AS bucket, p.key_id, p.model, count(*),
  count(*) FILTER (WHERE p.state = 'succeeded'), sum(p.images), COALESCE(sum(p.prompt_tokens), 0),
  COALESCE(sum(p.completion_tokens), 0), COALESCE(sum(p.run_time_us), 0), COALESCE(sum(p.cost_nanos), 0), 0,
  count(*) FILTER (WHERE p.billing = 'unpriced')
FROM predictions p CROSS JOIN (VALUES (60, 'minute'), (3600, 'hour'), (86400, 'day')) AS w(width, unit)
WHERE p.settled_at IS NOT NULL
GROUP BY p.tenant_id, w.width, bucket, p.key_id, p.model;
