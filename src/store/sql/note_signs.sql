-- Notes calls of engines $1: whether they polled ($2), how many seconds ago ($3), and whether they settled something ($4). Says
-- of each whether it was written, which it is not while somebody has its row locked, and its heartbeat timeout.
with noted as (
    select * from unnest($1::uuid[], $2::boolean[], $3::float8[], $4::boolean[])
        as noted (engine_id, has_polled, seconds_ago, has_settled)
),
seen as (
    select s.engine_id, noted.has_polled, noted.has_settled,
        statement_timestamp() - make_interval(secs => noted.seconds_ago) as called_at
    from noted
    join eventlease.engine_states s on s.engine_id = noted.engine_id
    order by s.engine_id
    for no key update of s skip locked
),
written as (
    update eventlease.engine_states s
    set last_seen_at = greatest(s.last_seen_at, seen.called_at),
        last_poll_at = case when seen.has_polled then greatest(s.last_poll_at, seen.called_at) else s.last_poll_at end,
        last_settled_at = case when seen.has_settled then greatest(s.last_settled_at, seen.called_at)
            else s.last_settled_at end,
        status = case when s.status <> 'unresponsive' then s.status
            when s.drain_requested_at is null then 'active' else 'draining' end,
        unresponsive_since = null
    from seen
    where s.engine_id = seen.engine_id
    returning s.engine_id
)
select noted.engine_id, exists (select from written where written.engine_id = noted.engine_id) as is_written,
    s.heartbeat_timeout_seconds
from noted
join eventlease.engine_states s on s.engine_id = noted.engine_id
