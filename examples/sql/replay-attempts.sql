-- Which clients sent one place of one page view under several event ids: a recorded request with new ids.
SELECT payload #>> '{payload,page,page_id}' AS page, payload #>> '{payload,page,seq}' AS seq,
       min(coalesce(payload->>'ip', payload->>'ip_hash')) AS client, count(*)::int AS times
FROM events_json WHERE payload #>> '{payload,page,page_id}' IS NOT NULL AND payload #>> '{payload,page,seq}' IS NOT NULL
GROUP BY 1, 2 HAVING count(*) > 1 ORDER BY 4 DESC LIMIT 100;
