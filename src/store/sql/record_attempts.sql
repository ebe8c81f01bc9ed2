-- Records the ends of attempts whose events are locked.
insert into eventlease.event_attempts (event_id, engine_type, attempt, engine_id, engine_software_version,
    incarnation, lease_token, leased_at, ended_at, outcome, answer, answer_available_at, result, error,
    progress, late_by_seconds, final_status, code, reason, follow_ups)
select q.event_id, q.engine_type,
    -- an event cancelled while queued has no attempt of its own to end
    case when q.state = 'processing' then q.attempt else q.attempt + 1 end,
    q.leased_by, q.engine_software_version, q.incarnation,
    case when q.state = 'processing' then q.lease_token end,
    q.leased_at, statement_timestamp(), ended.outcome, ended.answer,
    statement_timestamp() + make_interval(secs => ended.after_seconds),
    ended.result::json, ended.error::json, coalesce(ended.progress::json, q.progress), ended.late_by_seconds,
    ended.final_status, ended.code, ended.reason, ended.follow_ups::json
from unnest($1::uuid[], $2::text[], $3::text[], $4::float8[], $5::text[], $6::text[], $7::float8[],
        $8::text[], $9::text[], $10::text[], $11::text[], $12::text[])
    as ended (event_id, outcome, answer, after_seconds, result, error, late_by_seconds, final_status, code, reason, progress,
        follow_ups)
cross join lateral (
    select * from eventlease.open_events q where q.event_id = ended.event_id limit 1
) q
returning event_id, answer_available_at
