SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';

-- A key that is hashed anew, under another pepper, is the same key: no node has to hear of it.
CREATE OR REPLACE FUNCTION "notify_credentials"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  "unheard" CONSTANT text[] := ARRAY['last_used_at', 'hash', 'pepper_version'];
BEGIN
  IF TG_OP = 'UPDATE' AND to_jsonb(OLD) - "unheard" = to_jsonb(NEW) - "unheard" THEN
    RETURN NULL;
  END IF;
  PERFORM pg_notify('cerebro_credentials', CASE TG_OP WHEN 'DELETE' THEN OLD.id ELSE NEW.id END);
  RETURN NULL;
END $$;
