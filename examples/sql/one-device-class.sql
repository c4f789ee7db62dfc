-- Which addresses bring many visitors that all look like one device.
SELECT coalesce(payload->>'ip', payload->>'ip_hash') AS client, payload->>'ua' AS ua,
       payload #>> '{payload,device,screens,0,width}' AS screen_width,
       count(DISTINCT payload #>> '{payload,session,visitor_id}')::int AS visitors
FROM events_json WHERE payload @> '{"type": "pageview"}' GROUP BY 1, 2, 3
HAVING count(DISTINCT payload #>> '{payload,session,visitor_id}') > 1 ORDER BY 4 DESC, 1 LIMIT 100;
