-- Row-level security as a second net: whoever has taken the role cerebro_tenant sees and writes the rows of one
-- tenant, that of the setting cerebro.tenant_id, and none without it. The owner of the tables is not held to it.

-- A role belongs to the whole server: other databases may have it already, or be making it at this moment.
DO $$
DECLARE
  has_options boolean := current_setting('server_version_num')::int >= 160000;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cerebro_tenant') THEN
    BEGIN
      CREATE ROLE cerebro_tenant NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL;
    END;
  END IF;
  IF NOT pg_has_role(current_user, 'cerebro_tenant', CASE WHEN has_options THEN 'SET' ELSE 'MEMBER' END) THEN
    -- Without inheriting it: only who takes it on is held to its policies.
    EXECUTE format('GRANT cerebro_tenant TO %I', current_user)
      || CASE WHEN has_options THEN ' WITH INHERIT FALSE, SET TRUE' ELSE '' END;
  END IF;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format(
    'the role %I may not make the role that holds tenants apart; have an administrator run: '
    'CREATE ROLE cerebro_tenant NOLOGIN; GRANT cerebro_tenant TO %I%s;',
    current_user, current_user, CASE WHEN has_options THEN ' WITH INHERIT FALSE, SET TRUE' ELSE '' END);
END $$;

DO $$
BEGIN
  IF NOT has_schema_privilege('cerebro_tenant', current_schema(), 'USAGE') THEN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO cerebro_tenant', current_schema());
  END IF;
END $$;

GRANT SELECT, INSERT, UPDATE, DELETE
  ON "tenants", "api_keys", "predictions", "stored_images", "idempotent_calls", "accounts", "usage_rollups",
    "budget_alerts"
  TO cerebro_tenant;

-- Which tenant it is: empty once a transaction that had set it is over, and then nobody's.
ALTER TABLE "tenants" ENABLE ROW LEVEL SECURITY;
CREATE POLICY "tenant_isolation" ON "tenants" TO cerebro_tenant
  USING ("id" = current_setting('cerebro.tenant_id', true))
  WITH CHECK ("id" = current_setting('cerebro.tenant_id', true));

ALTER TABLE "api_keys" ENABLE ROW LEVEL SECURITY;
CREATE POLICY "tenant_isolation" ON "api_keys" TO cerebro_tenant
  USING ("tenant_id" = current_setting('cerebro.tenant_id', true))
  WITH CHECK ("tenant_id" = current_setting('cerebro.tenant_id', true));

ALTER TABLE "predictions" ENABLE ROW LEVEL SECURITY;
CREATE POLICY "tenant_isolation" ON "predictions" TO cerebro_tenant
  USING ("tenant_id" = current_setting('cerebro.tenant_id', true))
  WITH CHECK ("tenant_id" = current_setting('cerebro.tenant_id', true));

ALTER TABLE "stored_images" ENABLE ROW LEVEL SECURITY;
CREATE POLICY "tenant_isolation" ON "stored_images" TO cerebro_tenant
  USING ("tenant_id" = current_setting('cerebro.tenant_id', true))
  WITH CHECK ("tenant_id" = current_setting('cerebro.tenant_id', true));

ALTER TABLE "idempotent_calls" ENABLE ROW LEVEL SECURITY;
CREATE POLICY "tenant_isolation" ON "idempotent_calls" TO cerebro_tenant
  USING ("tenant_id" = current_setting('cerebro.tenant_id', true))
  WITH CHECK ("tenant_id" = current_setting('cerebro.tenant_id', true));

ALTER TABLE "accounts" ENABLE ROW LEVEL SECURITY;
CREATE POLICY "tenant_isolation" ON "accounts" TO cerebro_tenant
  USING ("tenant_id" = current_setting('cerebro.tenant_id', true))
  WITH CHECK ("tenant_id" = current_setting('cerebro.tenant_id', true));

ALTER TABLE "usage_rollups" ENABLE ROW LEVEL SECURITY;
CREATE POLICY "tenant_isolation" ON "usage_rollups" TO cerebro_tenant
  USING ("tenant_id" = current_setting('cerebro.tenant_id', true))
  WITH CHECK ("tenant_id" = current_setting('cerebro.tenant_id', true));

ALTER TABLE "budget_alerts" ENABLE ROW LEVEL SECURITY;
CREATE POLICY "tenant_isolation" ON "budget_alerts" TO cerebro_tenant
  USING ("tenant_id" = current_setting('cerebro.tenant_id', true))
  WITH CHECK ("tenant_id" = current_setting('cerebro.tenant_id', true));

-- A change and its audit event are one transaction: a tenant adds events about itself, and reads none.
GRANT INSERT ("entry") ON "audit_events" TO cerebro_tenant;
ALTER TABLE "audit_events" ENABLE ROW LEVEL SECURITY;
CREATE POLICY "tenant_isolation" ON "audit_events" FOR INSERT TO cerebro_tenant
  WITH CHECK ("tenant_id" = current_setting('cerebro.tenant_id', true));
