-- What engines are told and say: why they drain and what follows, until when they hold off, which versions are quarantined, and
-- the words of their releases. All of it is new and null at first, so replicas of the version before go on beside this one. They
-- know no quarantine: while one of them runs, it gives events to quarantined engines.

alter table eventlease.engine_states
    add column drain_reason text,
    -- whether a drained engine may exit once it holds nothing, or is to stay; null while it is not draining
    add column drain_then text constraint engine_states_drain_then check (drain_then in ('exit', 'stay')),
    -- the engine asked for no events until then; once that is over it means nothing
    add column holding_off_until timestamptz,
    add column holding_off_reason text;

alter table eventlease.queues
    -- an array of objects: engine_software_version (text or null), reason, by, since, lift_at; null where there are none, so that
    -- a claim has nothing to look into
    add column quarantines jsonb;

alter table eventlease.event_attempts
    -- what the engine gave as the reason of a release: a short code for programs, a text for people
    add column code text,
    add column reason text;

-- Whether engines of that version get nothing: `quarantines` is the column of their queue. Null is a version of its own: that of
-- engines that registered without one.
create function eventlease.is_quarantined(quarantines jsonb, version text) returns boolean
language sql stable parallel safe
as $$
    select exists (
        select from jsonb_to_recordset(quarantines) as q (engine_software_version text, lift_at timestamptz)
        where q.engine_software_version is not distinct from version
            and (q.lift_at is null or q.lift_at > statement_timestamp())
    )
$$;
