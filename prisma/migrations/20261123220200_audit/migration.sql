-- CreateTable
CREATE TABLE "audit_events" (
    "seq" BIGINT NOT NULL,
    "entry" TEXT NOT NULL,
    "prev_hash" BYTEA NOT NULL,
    "hash" BYTEA NOT NULL,
    "id" TEXT NOT NULL GENERATED ALWAYS AS ("entry"::jsonb ->> 'id') STORED,
    "at" TIMESTAMPTZ(3) NOT NULL GENERATED ALWAYS AS (to_timestamp(("entry"::jsonb ->> 'at')::bigint / 1000.0)) STORED,
    "action" TEXT NOT NULL GENERATED ALWAYS AS ("entry"::jsonb ->> 'action') STORED,
    "actor_id" TEXT GENERATED ALWAYS AS ("entry"::jsonb #>> '{actor,id}') STORED,
    "target_id" TEXT NOT NULL GENERATED ALWAYS AS ("entry"::jsonb #>> '{target,id}') STORED,
    "tenant_id" TEXT GENERATED ALWAYS AS ("entry"::jsonb #>> '{target,tenant_id}') STORED,

    CONSTRAINT "audit_events_pkey" PRIMARY KEY ("seq")
);

-- CreateIndex
CREATE UNIQUE INDEX "audit_events_id_key" ON "audit_events"("id");

-- CreateIndex
CREATE INDEX "audit_events_tenant_id_seq_idx" ON "audit_events"("tenant_id", "seq");

-- CreateIndex
CREATE INDEX "audit_events_actor_id_seq_idx" ON "audit_events"("actor_id", "seq");

-- CreateIndex
CREATE INDEX "audit_events_action_seq_idx" ON "audit_events"("action", "seq");

-- CreateIndex
CREATE INDEX "audit_events_target_id_seq_idx" ON "audit_events"("target_id", "seq");

-- What follows is what Prisma cannot say.

-- Numbers an event, dates it and ties it to the one before it, one transaction at a time: who commits later is later
-- in the chain, over all nodes. No sequence: that would leave a gap at each rollback, and be drawn before the lock.
-- With the owner's rights, so that who may add an event need not be able to read the others.
CREATE FUNCTION "chain_audit_event"() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  last record;
BEGIN
  IF num_nonnulls(NEW.seq, NEW.prev_hash, NEW.hash) > 0
    OR NEW.entry !~ '^\{"id":"aud_[0-9a-f]{32}",' OR NEW.entry::jsonb ?| ARRAY['seq', 'at'] THEN
    RAISE EXCEPTION 'audit events are numbered, dated and hashed by the database'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  -- "audit" in hexadecimal; until the transaction ends.
  PERFORM pg_advisory_xact_lock(x'6175646974'::bigint);
  SELECT e.seq, e.hash INTO last FROM audit_events e ORDER BY e.seq DESC LIMIT 1;
  NEW.seq := COALESCE(last.seq, 0) + 1;
  NEW.prev_hash := COALESCE(last.hash, decode(repeat('00', 32), 'hex'));
  NEW.entry := format('{"seq":%s,"at":%s,', NEW.seq, floor(extract(epoch FROM clock_timestamp()) * 1000))
    || substr(NEW.entry, 2);
  NEW.hash := sha256(NEW.prev_hash || convert_to(NEW.entry, 'UTF8'));
  RETURN NEW;
END $$;

CREATE FUNCTION "refuse_audit_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit events are never changed or removed' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER "audit_events_chain" BEFORE INSERT ON "audit_events"
  FOR EACH ROW EXECUTE FUNCTION "chain_audit_event"();
CREATE TRIGGER "audit_events_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_events"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_audit_change"();

-- Also in sessions that replicate, where ordinary triggers rest.
ALTER TABLE "audit_events" ENABLE ALWAYS TRIGGER "audit_events_chain";
ALTER TABLE "audit_events" ENABLE ALWAYS TRIGGER "audit_events_append_only";
