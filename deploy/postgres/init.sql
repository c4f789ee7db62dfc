-- The table of the events, as the Postgres sink makes it by itself (PG_CREATE=true) with PG_TABLE=events_json and
-- PG_PARTITION=none. For an owner whose gotrack may not create tables: run this once, and then
--   GRANT SELECT, INSERT ON events_json TO gotrack; GRANT TEMPORARY ON DATABASE analytics TO gotrack;

CREATE TABLE IF NOT EXISTS events_json (
  event_id uuid NOT NULL,         -- unique: an event that is sent twice is one row
  ts timestamptz NOT NULL,        -- the envelope's timestamp
  payload jsonb NOT NULL,         -- the whole envelope, schema gotrack.event/1
  PRIMARY KEY (event_id)
);

CREATE INDEX IF NOT EXISTS events_json_ts_idx ON events_json (ts);

-- For payload @> '{"type": "click"}'. The default operator class would cost the server three times the work.
CREATE INDEX IF NOT EXISTS events_json_payload_idx ON events_json USING gin (payload jsonb_path_ops);
