-- A page of engines behind ($7, $8), the newest registration first. A filter that is null lets all pass. $12: the zombies, where $11
-- asks for them or for the others. $15: of the metadata, only what the server reads itself.
--
-- Where no place is given, the page begins behind one that is newer than all: so every page is found by the index. What is read
-- beside the engines is read for those of the page alone.
with listed as (
    select s.*
    from eventlease.engine_states s
    where ($1::uuid is null or s.engine_id = $1)
        and ($2::text[] is null or s.engine_type = any($2))
        and ($3::text is null or s.status = $3)
        and ($4::text is null or $4 = any(s.capabilities))
        and ($5::text is null or s.scenario_run_id = $5)
        and ($6::text is null or s.engine_software_version = $6)
        and ($10::boolean is null
            or (not exists (select from eventlease.event_leases q where q.leased_by = s.engine_id)) = $10)
        -- a subquery is hashed, an array would be searched for each engine
        and ($11::boolean is null or (s.engine_id in (select unnest($12::uuid[]))) = $11)
        and ($13::integer is null or exists (
            select from eventlease.event_leases q
            where q.leased_by = s.engine_id and q.leased_at < statement_timestamp() - make_interval(secs => $13)))
        and ($14::integer is null or s.last_seen_at < statement_timestamp() - make_interval(secs => $14))
        and (s.registered_at, s.engine_id)
            < (coalesce($7::timestamptz, 'infinity'), coalesce($8::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
    order by s.registered_at desc, s.engine_id desc
    limit $9
)
select
    s.engine_id, s.engine_type, s.status, s.last_heartbeat, s.current_workload, s.scenario_run_id,
    s.may_enqueue,
    case when $15::boolean then json_build_object(
        'static_config', json_strip_nulls(json_build_object(
            'capabilities', s.capabilities,
            'resource_limits', json_build_object('max_concurrent_events', s.max_concurrent_events),
            'engine_software_version', s.engine_software_version)),
        'dynamic_state', json_build_object())
        else s.metadata end as metadata,
    s.incarnation, s.registered_at, s.last_seen_at, s.last_poll_at,
    (select count(*)::integer from eventlease.event_leases q where q.leased_by = s.engine_id) as leases_held,
    s.heartbeat_timeout_seconds, s.drain_requested_at, s.drain_reason, coalesce(s.drain_then, 'exit') as drain_then,
    case when s.holding_off_until > statement_timestamp() then s.holding_off_until end as holding_off_until,
    s.holding_off_reason,
    -- one look-up an engine: a join may read all queues
    coalesce((
        select u.quarantines is not null and eventlease.is_quarantined(u.quarantines, s.engine_software_version)
        from eventlease.queues u
        where u.engine_type = s.engine_type), false) as is_quarantined
from listed s
order by s.registered_at desc, s.engine_id desc
