-- Locks up to $2 queues that nothing has kept for $1 days, and that have no settings: none of what an operator sets, whatever
-- columns that may have. What somebody else has locked is passed over.
select u.engine_type
from eventlease.queues u
where u.unused_since < statement_timestamp() - make_interval(days => $1)
    and (u.paused_at is null or u.resume_at <= statement_timestamp())
    and jsonb_strip_nulls(to_jsonb(u) - array['engine_type', 'created_at', 'unused_since', 'paused_at', 'paused_by',
        'pause_reason', 'resume_at', 'quarantines']) = '{}'
    and (u.quarantines is null or not exists (
        select from jsonb_to_recordset(u.quarantines) as q (lift_at timestamptz)
        where q.lift_at is null or q.lift_at > statement_timestamp()))
order by u.engine_type
limit $2
for update skip locked
