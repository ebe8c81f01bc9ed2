-- Drains the engines that a filter ($1, $2; null lets all pass) lets through, unless $3; a dry run only
-- looks. $4 is the reason and $5 what is to follow; one that is draining has been since it was first told so, and keeps of
-- these what is null. An unresponsive engine stays so, but comes back draining.
with matched as materialized (
    select engine_id, engine_type, drain_requested_at is not null as was_draining
    from eventlease.engine_states
    where ($1::text[] is null or engine_type = any($1))
        and ($2::text is null or engine_software_version = $2)
    order by engine_id
    for update
),
told as (
    update eventlease.engine_states s
    set drain_requested_at = coalesce(s.drain_requested_at, statement_timestamp()),
        drain_reason = coalesce($4, s.drain_reason), drain_then = coalesce($5, s.drain_then),
        status = case when s.status = 'unresponsive' then s.status else 'draining' end
    from matched
    where s.engine_id = matched.engine_id and not $3
)
select engine_id, engine_type, was_draining from matched order by engine_id
