-- Which networks (/24, /64) click the most, and from how many addresses.
SELECT network(set_masklen(ip, CASE family(ip) WHEN 4 THEN 24 ELSE 64 END))::text AS network,
       count(*)::int AS clicks, count(DISTINCT ip)::int AS addresses
FROM (SELECT (payload->>'ip')::inet AS ip FROM events_json WHERE payload @> '{"type": "click"}') clicks
WHERE ip IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 100;
