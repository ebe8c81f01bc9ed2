-- Locks due events of several wants: up to $3 of lane $2 of queue $1 each. Walks a want's ranges ($4 to $6: ten
-- for each want, one a priority) in the order given and stops at its limit; each range starts behind its edge,
-- where the dead entries of what was leased before are not met again, and ends at the present, so that delayed
-- events cost nothing. With each event comes what its lease has to know of it, and where its row stands.
select want.ordinal as want, due.tid::text, due.event_id, due.event_type, due.priority, due.available_at,
    due.payload_bytes, due.is_overdue, due.attempt, due.failures, due.lease_losses, due.releases, due.redrives,
    due.visibility_timeout_seconds, due.retry_policy, due.scenario_run_id, due.unique_key
from unnest($1::text[], $2::smallint[], $3::bigint[]) with ordinality
    as want (engine_type, lane, wanted, ordinal)
cross join lateral (
    select due.*
    from unnest(
        ($4::smallint[])[want.ordinal * 10 - 9 : want.ordinal * 10],
        ($5::timestamptz[])[want.ordinal * 10 - 9 : want.ordinal * 10],
        ($6::uuid[])[want.ordinal * 10 - 9 : want.ordinal * 10]
    ) as edge (priority, available_at, event_id)
    cross join lateral (
        select q.ctid as tid, q.event_id, q.event_type, q.priority, q.available_at, q.payload_bytes,
            q.available_at < statement_timestamp() - make_interval(secs => $7) as is_overdue,
            q.attempt, q.failures, q.lease_losses, q.releases, q.redrives, q.visibility_timeout_seconds, q.retry_policy,
            q.scenario_run_id, q.unique_key
        from eventlease.event_queue q
        where q.engine_type = want.engine_type
            and q.lane = want.lane
            and q.priority = edge.priority
            and (q.available_at, q.event_id) > (edge.available_at, edge.event_id)
            and q.available_at <= statement_timestamp()
            and (q.discard_at is null or q.discard_at > statement_timestamp())
        order by q.available_at, q.event_id
        limit want.wanted
        for update skip locked
    ) due
    limit want.wanted
) due
