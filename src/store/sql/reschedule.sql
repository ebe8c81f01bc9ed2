-- Has queued events $1 due at $3, or $2 seconds from now, and gives them priority $4; what is null stays. Events that somebody
-- has locked, and those that are not queued any more, are passed over.
with locked as materialized (
    select q.event_id
    from unnest($1::uuid[]) as asked (event_id)
    cross join lateral (
        select q.event_id
        from eventlease.event_queue q
        where q.event_id = asked.event_id
        limit 1
        for update skip locked
    ) q
)
update eventlease.event_queue q
set priority = coalesce($4::smallint, q.priority),
    available_at = case
        when $3::timestamptz is not null then greatest($3, statement_timestamp())
        when $2::float8 is not null then statement_timestamp() + make_interval(secs => $2)
        else q.available_at end
from locked
where q.event_id = locked.event_id and q.event_id = any($1)
returning q.event_id, q.engine_type, q.lane, q.priority, q.available_at, q.available_at <= statement_timestamp() as is_due
