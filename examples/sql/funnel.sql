-- How many clients came from a served page to a page view, to a click, to a conversion.
SELECT count(*) FILTER (WHERE served)::int AS served, count(*) FILTER (WHERE viewed)::int AS viewed,
       count(*) FILTER (WHERE viewed AND clicked)::int AS clicked,
       count(*) FILTER (WHERE viewed AND converted)::int AS converted
FROM (SELECT bool_or(payload->>'type' = 'document') AS served, bool_or(payload->>'type' = 'pageview') AS viewed,
             bool_or(payload->>'type' = 'click') AS clicked, bool_or(payload->>'type' = 'conversion') AS converted
      FROM events_json GROUP BY coalesce(payload->>'ip', payload->>'ip_hash')) clients;
