-- Queue $1, or those behind $2 by name, of $4 only where that is not null. A pause that is over is none, and so is a quarantine.
select
    u.engine_type, u.default_limit, u.visibility_timeout_seconds, u.max_lease_seconds, u.max_processing,
    u.retry_policy, u.target_clear_seconds,
    case when u.resume_at is null or u.resume_at > statement_timestamp() then u.paused_at end as paused_at,
    u.paused_by, u.pause_reason, u.resume_at,
    -- the newest first
    (
        select jsonb_agg(q.quarantine order by q.quarantine ->> 'since' desc)
        from jsonb_array_elements(u.quarantines) as q (quarantine)
        where q.quarantine ->> 'lift_at' is null or (q.quarantine ->> 'lift_at')::timestamptz > statement_timestamp()
    ) as quarantines,
    s.retry_policy as server_policy
from eventlease.queues u
cross join eventlease.server_settings s
where ($1::text is null or u.engine_type = $1)
    and ($2::text is null or u.engine_type > $2)
    and ($4::text[] is null or u.engine_type = any($4))
order by u.engine_type
limit $3
