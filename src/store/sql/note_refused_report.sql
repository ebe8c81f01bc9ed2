-- Notes with attempt $2 of event $1, which was lost silently, that its engine reported $3 afterwards. The first report counts.
update eventlease.event_attempts
set refused_report_at = statement_timestamp(), refused_report_status = $3
where event_id = $1 and attempt = $2 and refused_report_at is null
