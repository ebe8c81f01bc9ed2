-- That an engine reported after its lease was lost and the event had gone on: the report was refused, but its work was done. Replicas of
-- the version before go on beside this, and note nothing.

alter table eventlease.event_attempts
    add column refused_report_at timestamptz,
    add column refused_report_status text
        constraint event_attempts_refused_report_status check (refused_report_status in ('completed', 'failed', 'queued'));
