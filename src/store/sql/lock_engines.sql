-- Locks engines $1, in the order of their ids, and answers with the gates of their queues. Goes on with `gate_columns`.
select
    s.engine_id, s.engine_type, s.status, s.incarnation, s.registered_at, s.engine_software_version,
    s.max_concurrent_events,
    case when u.quarantines is not null and eventlease.is_quarantined(u.quarantines, s.engine_software_version)
        then u.quarantines end as quarantines,
    case when s.holding_off_until > statement_timestamp() then s.holding_off_until end as holding_off_until,
    s.holding_off_reason,
    case when s.holding_off_until > statement_timestamp()
        then extract(epoch from s.holding_off_until - statement_timestamp())::float8 end as holds_off_seconds,
