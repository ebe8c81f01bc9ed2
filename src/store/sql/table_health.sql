-- The tables whose rows are changed or deleted while the service runs; the others are only added to. From counters
-- alone: their size, for one, would wait for whoever has locked them.
select
    relname::text as "table",
    -- not counted, they stay zero
    case when current_setting('track_counts')::boolean then n_live_tup end as live_rows,
    case when current_setting('track_counts')::boolean then n_dead_tup end as dead_rows,
    last_vacuum as last_vacuum_at,
    last_autovacuum as last_autovacuum_at,
    greatest(last_analyze, last_autoanalyze) as last_analyze_at,
    extract(epoch from statement_timestamp() - greatest(last_vacuum, last_autovacuum))::float8 as vacuum_age_seconds
from pg_stat_user_tables
where schemaname = 'eventlease'
    and relname in ('event_queue', 'event_leases', 'engine_states', 'dead_letters', 'idempotency_keys', 'queue_activity',
        'queues', 'service_signs')
order by array_position(array['event_queue', 'event_leases', 'engine_states', 'dead_letters', 'idempotency_keys',
    'queue_activity', 'queues', 'service_signs'], relname::text)
