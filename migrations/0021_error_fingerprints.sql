-- Fingerprints of dead letters: what died of one cause has the same. Replicas of the version before go on beside this: the
-- columns are null where they write dead letters, and housekeeping of this version fills them in.

-- 16 hexadecimal digits, or what the engine sent with its error; null: not made yet
alter table eventlease.dead_letters add column error_fingerprint text;
-- the version of the rule that made it; 0: the engine sent it
alter table eventlease.dead_letters add column error_fingerprint_rule smallint;

-- Groups of dead letters, and those of one group: all that they are grouped by is in it, so that no payload is read.
create index dead_letters_by_cause on eventlease.dead_letters
    (engine_type, error_fingerprint, dead_lettered_at, event_id)
    include (reason, event_type, error_type, engine_software_version, redrives, redriven_as);

-- Those without a fingerprint: none, but for a while after this migration and beside a replica of the version before.
create index dead_letters_without_fingerprint on eventlease.dead_letters (event_id) where error_fingerprint is null;
