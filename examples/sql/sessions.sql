-- How long sessions last and how many page views and clicks each has.
SELECT payload #>> '{payload,session,session_id}' AS session,
       count(*) FILTER (WHERE payload->>'type' = 'pageview')::int AS pageviews,
       count(*) FILTER (WHERE payload->>'type' = 'click')::int AS clicks,
       extract(epoch FROM max(ts) - min(ts))::int AS seconds
FROM events_json WHERE payload #>> '{payload,session,session_id}' IS NOT NULL GROUP BY 1 ORDER BY max(ts) DESC LIMIT 100;
