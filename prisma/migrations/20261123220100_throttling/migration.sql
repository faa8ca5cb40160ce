-- CreateTable
-- Written with every limited request and worth nothing after a minute: no log, so that a commit waits for no disk.
-- After a crash it is empty. Room on the pages keeps the changes there.
CREATE UNLOGGED TABLE "rate_windows" (
    "key" TEXT NOT NULL,
    "slots" BIGINT[],
    "second" BIGINT NOT NULL,

    CONSTRAINT "rate_windows_pkey" PRIMARY KEY ("key")
) WITH (fillfactor = 30);

-- Sixty seconds touch sixty-one seconds of the clock, the first and the last of them in part.
ALTER TABLE "rate_windows" ADD CONSTRAINT "rate_windows_slots_check"
  CHECK ("slots" IS NOT NULL AND cardinality("slots") = 61);

-- The slots of a window so many seconds later. The first slot is the newest.
CREATE FUNCTION "slots_later"("slots" bigint[], "seconds" bigint) RETURNS bigint[] LANGUAGE sql IMMUTABLE
  RETURN CASE
    WHEN "seconds" <= 0 THEN "slots"
    WHEN "seconds" > 60 THEN array_fill(0::bigint, ARRAY[61])
    ELSE array_fill(0::bigint, ARRAY["seconds"::int]) || "slots"[1 : 61 - "seconds"::int]
  END;

-- Counts hits on limits: each group of them wholly, or not at all where one of them does not fit; groups one after
-- the other, in the order given. Never more than `limit` in any 60 seconds, over all nodes: a slot counts for as long
-- as any moment of it is within the last 60 seconds. `hits` is a list of lists of {key, cost, limit, second}.
-- A hit without a limit corrects an earlier one: a positive cost counts now, whatever there is room for; a negative
-- one is taken from the slot of `second`, or ignored where that has left the window.
-- Gives a row for each group, with lists that have an element for each hit: what is used after it, in how many
-- milliseconds one more like it fits (0: now; null: never), in how many the window is empty, and its second.
CREATE FUNCTION "throttle"("hits" jsonb) RETURNS TABLE (
  "at" int, "taken" boolean, "used" float8[], "fits_ms" float8[], "reset_ms" float8[], "seconds" float8[])
LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
  keys text[];
  clock_ms float8;
  now_second bigint;
  -- Of each hit, groups one after the other.
  hit_group int[];
  hit_key int[];
  hit_cost bigint[];
  hit_limit bigint[];
  hit_second bigint[];
  -- Of each key. `windows` has a row of slots for each.
  windows bigint[];
  sums bigint[];
  current bigint[];
  changed boolean[];
  newest int[];
  changed_slots bigint[];
  first int := 1;
  last int;
  key int;
  age int;
  need bigint;
BEGIN
  SELECT array_agg(DISTINCT h.key ORDER BY h.key) INTO keys
  FROM jsonb_array_elements(hits) AS g(list), jsonb_to_recordset(g.list) AS h(key text);

  SELECT array_agg(g.at ORDER BY g.at, h.at), array_agg(k.at ORDER BY g.at, h.at),
    array_agg((h.hit ->> 'cost')::bigint ORDER BY g.at, h.at),
    array_agg((h.hit ->> 'limit')::bigint ORDER BY g.at, h.at),
    array_agg((h.hit ->> 'second')::bigint ORDER BY g.at, h.at)
  INTO hit_group, hit_key, hit_cost, hit_limit, hit_second
  FROM jsonb_array_elements(hits) WITH ORDINALITY AS g(list, at),
    jsonb_array_elements(g.list) WITH ORDINALITY AS h(hit, at)
    JOIN unnest(keys) WITH ORDINALITY AS k(key, at) ON k.key = h.hit ->> 'key';

  -- New rows, and then the locks, in the order of the keys: nodes that meet wait in one line. Again only where an old
  -- row was deleted in between.
  LOOP
    INSERT INTO rate_windows AS w (key, slots, second)
    SELECT k, array_fill(0::bigint, ARRAY[61]), 0 FROM unnest(keys) AS k
    WHERE NOT EXISTS (SELECT 1 FROM rate_windows o WHERE o.key = k)
    ORDER BY k
    ON CONFLICT DO NOTHING;
    PERFORM 1 FROM rate_windows w WHERE w.key = ANY (keys) ORDER BY w.key FOR NO KEY UPDATE;
    GET DIAGNOSTICS last = ROW_COUNT;
    EXIT WHEN last >= cardinality(keys);
  END LOOP;

  -- Only now, since the locks may have taken their time.
  clock_ms := extract(epoch FROM clock_timestamp()) * 1000;
  now_second := floor(clock_ms / 1000);
  -- A clock that was set back must not make hits older than they are: a row then stays a second ahead of it.
  SELECT array_agg(r.slots ORDER BY r.key), array_agg(r.current ORDER BY r.key),
    array_agg((SELECT sum(s) FROM unnest(r.slots) AS s)::bigint ORDER BY r.key)
  INTO windows, current, sums
  FROM (
    SELECT w.key, c.current, slots_later(w.slots, c.current - w.second) AS slots
    FROM rate_windows w,
      LATERAL (SELECT GREATEST(now_second, LEAST(w.second, now_second + 1)) AS current) c
    WHERE w.key = ANY (keys)
  ) r;
  changed := array_fill(false, ARRAY[cardinality(keys)]);
  newest := array_fill(NULL::int, ARRAY[cardinality(keys)]);

  WHILE first <= cardinality(hit_key) LOOP
    at := hit_group[first];
    taken := true;
    last := first;
    -- Each hit counts at first, so that two on one key see each other.
    WHILE hit_group[last] = at LOOP
      key := hit_key[last];
      IF hit_limit[last] IS NOT NULL THEN
        sums[key] := sums[key] + hit_cost[last];
      ELSIF hit_cost[last] >= 0 THEN
        sums[key] := sums[key] + hit_cost[last];
        windows[key][1] := windows[key][1] + hit_cost[last];
        changed[key] := true;
        newest[key] := NULL;
      ELSE
        age := GREATEST(0, LEAST(current[key] - hit_second[last], 61));
        IF age <= 60 THEN
          need := LEAST(-hit_cost[last], windows[key][age + 1]);
          sums[key] := sums[key] - need;
          windows[key][age + 1] := windows[key][age + 1] - need;
          changed[key] := true;
          newest[key] := NULL;
        END IF;
      END IF;
      last := last + 1;
    END LOOP;
    FOR i IN first .. last - 1 LOOP
      IF sums[hit_key[i]] > hit_limit[i] THEN taken := false; END IF;
    END LOOP;
    FOR i IN first .. last - 1 LOOP
      CONTINUE WHEN hit_limit[i] IS NULL;
      key := hit_key[i];
      IF NOT taken THEN
        sums[key] := sums[key] - hit_cost[i];
      ELSIF hit_cost[i] > 0 THEN
        windows[key][1] := windows[key][1] + hit_cost[i];
        changed[key] := true;
        newest[key] := 0;
      END IF;
    END LOOP;

    used := '{}';
    fits_ms := '{}';
    reset_ms := '{}';
    seconds := '{}';
    FOR i IN first .. last - 1 LOOP
      key := hit_key[i];
      used := used || sums[key]::float8;
      seconds := seconds || current[key]::float8;
      -- From the oldest on, until there is room.
      need := sums[key] + hit_cost[i] - hit_limit[i];
      IF need > 0 AND hit_cost[i] > hit_limit[i] THEN
        fits_ms := fits_ms || NULL::float8;
      ELSIF need > 0 THEN
        age := 60;
        LOOP
          need := need - windows[key][age + 1];
          EXIT WHEN need <= 0 OR age = 0;
          age := age - 1;
        END LOOP;
        fits_ms := fits_ms || (current[key] - age + 61) * 1000 - clock_ms;
      ELSE
        fits_ms := fits_ms || 0::float8;
      END IF;
      IF sums[key] <= 0 THEN
        reset_ms := reset_ms || 0::float8;
      ELSE
        IF newest[key] IS NULL THEN
          age := 0;
          WHILE windows[key][age + 1] = 0 AND age < 60 LOOP age := age + 1; END LOOP;
          newest[key] := age;
        END IF;
        reset_ms := reset_ms || (current[key] - newest[key] + 61) * 1000 - clock_ms;
      END IF;
    END LOOP;
    RETURN NEXT;
    first := last;
  END LOOP;

  -- What was only refused writes nothing.
  key := 0;
  FOREACH changed_slots SLICE 1 IN ARRAY windows LOOP
    key := key + 1;
    IF changed[key] THEN
      UPDATE rate_windows w SET slots = changed_slots, second = current[key] WHERE w.key = keys[key];
    END IF;
  END LOOP;
END $$;
