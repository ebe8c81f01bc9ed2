-- What is asked of leases when they are locked or read; `among_leases` or another file follows.
select
    q.event_id, q.engine_type, true as is_processing, q.priority, q.attempt, q.failures, q.lease_losses,
    q.releases, q.lease_token, q.leased_by, q.cancel_requested_at is not null as is_cancel_requested,
    q.lease_expires_at as expires_at,
    extract(epoch from q.lease_expires_at - statement_timestamp())::float8 as expires_in_seconds,
    case when q.lease_expires_at < statement_timestamp()
        then extract(epoch from statement_timestamp() - q.lease_expires_at)::float8 end as late_by_seconds,
    extract(epoch from statement_timestamp() - q.leased_at)::float8 as held_seconds,
    q.lease_expires_at >= q.lease_deadline_at as is_at_max_lease
