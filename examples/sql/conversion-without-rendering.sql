-- Which conversions come from clients that never ran a page of ours: no signed page view of their address.
SELECT c.event_id::text, coalesce(c.payload->>'ip', c.payload->>'ip_hash') AS client
FROM events_json c WHERE c.payload @> '{"type": "conversion"}' AND NOT EXISTS (
  SELECT FROM events_json v WHERE v.payload @> '{"type": "pageview", "server": {"auth": {"scheme": "v1"}}}'
    AND coalesce(v.payload->>'ip', v.payload->>'ip_hash') = coalesce(c.payload->>'ip', c.payload->>'ip_hash'))
ORDER BY c.ts DESC LIMIT 100;
