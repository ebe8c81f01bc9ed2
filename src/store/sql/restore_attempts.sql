-- Gives a dead letter its attempts back. The caller takes them out of `dead_letters.attempts`: what
-- PostgreSQL has for that refuses JSON with a \u0000 anywhere in it.
insert into eventlease.event_attempts (event_id, engine_type, attempt, engine_id, engine_software_version,
    incarnation, leased_at, ended_at, outcome, answer, result, error, progress, late_by_seconds,
    final_status, code, reason, answer_available_at, refused_report_at, refused_report_status)
select dead.event_id, dead.engine_type, a.attempt, a.engine_id, a.engine_software_version, a.incarnation,
    a.leased_at, a.ended_at, a.outcome, a.answer, a.result::json, a.error::json, a.progress::json,
    a.late_by_seconds, a.final_status, a.code, a.reason, a.answer_available_at,
    a.refused_report_at, a.refused_report_status
from eventlease.dead_letters dead
cross join unnest($2::integer[], $3::uuid[], $4::text[], $5::integer[], $6::timestamptz[], $7::timestamptz[],
        $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::float8[], $14::text[], $15::text[], $16::text[],
        $17::timestamptz[], $18::timestamptz[], $19::text[])
    as a (attempt, engine_id, engine_software_version, incarnation, leased_at, ended_at, outcome, answer,
        result, error, progress, late_by_seconds, final_status, code, reason, answer_available_at, refused_report_at,
        refused_report_status)
where dead.event_id = $1
on conflict do nothing
