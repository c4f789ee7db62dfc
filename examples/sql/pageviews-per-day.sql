-- How many page views and visitors there were each UTC day.
SELECT (ts AT TIME ZONE 'UTC')::date::text AS day, count(*)::int AS pageviews,
       count(DISTINCT payload #>> '{payload,session,visitor_id}')::int AS visitors
FROM events_json WHERE payload->>'type' = 'pageview' GROUP BY 1 ORDER BY 1;
