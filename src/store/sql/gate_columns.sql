    -- the gate of queue `u`, which may be missing in an outer join
    coalesce(u.paused_at is not null and (u.resume_at is null or u.resume_at > statement_timestamp()), false)
        as is_paused,
    u.default_limit, u.max_processing, u.visibility_timeout_seconds, u.max_lease_seconds, u.retry_policy
