-- Writes the minute that began at $1: a row for each queue in $2, the one with the empty name being all of them.
insert into eventlease.queue_history (minute_at, engine_type, due, delayed, processing, dead_letters, oldest_due_age_seconds,
    slots, busy, enqueued, completed, failed, lost, released, late, dead_lettered, attempt_p50_seconds, attempt_p99_seconds,
    wait_p50_seconds, wait_p99_seconds, cancelled)
select $1, *
from unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::real[], $8::bigint[], $9::bigint[],
    $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::real[],
    $18::real[], $19::real[], $20::real[], $21::bigint[])
on conflict (engine_type, minute_at) do nothing
