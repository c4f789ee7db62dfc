-- Which clients fetch pages and never run them: served documents without a signed event.
SELECT coalesce(d.payload->>'ip', d.payload->>'ip_hash') AS client, count(*)::int AS served,
       count(*) FILTER (WHERE NOT EXISTS (
         SELECT FROM events_json e
         WHERE e.payload @> jsonb_build_object('server', jsonb_build_object('document_id', d.event_id::text, 'auth', jsonb_build_object('scheme', 'v1')))
       ))::int AS not_rendered
FROM events_json d WHERE d.payload @> '{"type": "document"}' GROUP BY 1 ORDER BY 3 DESC, 1 LIMIT 100;
