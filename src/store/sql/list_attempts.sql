-- Ended attempts of event $1, the newest first: up to $3 of those before attempt $2; in brief if $4.
select a.attempt, a.engine_id, a.engine_software_version, a.incarnation, a.leased_at, a.ended_at, a.outcome, a.answer,
    a.answer_available_at as next_available_at,
    case when not $4::boolean then a.result end as result, coalesce(octet_length(a.result::text), 0) as result_bytes,
    case when not $4 then a.error end as error, coalesce(octet_length(a.error::text), 0) as error_bytes,
    left(eventlease.json_text(a.error, 'type'), 200) as error_type,
    left(eventlease.json_text(a.error, 'message'), 200) as error_message,
    case when not $4 then a.progress end as progress, coalesce(octet_length(a.progress::text), 0) as progress_bytes,
    a.code, a.reason, a.late_by_seconds, a.refused_report_at, a.refused_report_status, a.final_status, a.follow_ups, a.event_id
from eventlease.event_attempts a
where a.event_id = $1 and a.attempt < coalesce($2, 2147483647)
order by a.attempt desc
limit $3
