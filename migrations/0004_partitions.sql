-- Makes the partitions of one day (UTC) where they are missing, and says whether it made any.
-- Created apart and then attached: `create … partition of` would wait for every open snapshot,
-- with all inserts waiting behind it.
create function eventlease.ensure_partitions_of_day(day date) returns boolean
language plpgsql
as $$
declare
    parent text;
    partition text;
    low uuid := eventlease.uuid_floor(day::timestamp at time zone 'UTC');
    high uuid := eventlease.uuid_floor((day + 1)::timestamp at time zone 'UTC');
    made boolean := false;
begin
    foreach parent in array array['events', 'event_attempts'] loop
        partition := parent || '_' || to_char(day, 'YYYYMMDD');
        if to_regclass('eventlease.' || partition) is null then
            -- replicas start together; the second one finds the partition made
            perform pg_advisory_xact_lock(hashtextextended('eventlease.partitions', 0));
        end if;
        if to_regclass('eventlease.' || partition) is null then
            execute format('create table eventlease.%I (like eventlease.%I including all)',
                partition, parent);
            -- the constraint spares the scan that attaching would make
            execute format('alter table eventlease.%I add constraint %I check (event_id >= %L and event_id < %L)',
                partition, partition || '_bounds', low, high);
            execute format('alter table eventlease.%I attach partition eventlease.%I for values from (%L) to (%L)',
                parent, partition, low, high);
            execute format('alter table eventlease.%I drop constraint %I',
                partition, partition || '_bounds');
            made := true;
        end if;
    end loop;
    return made;
end
$$;

-- Yesterday, for transactions open across midnight, and a week ahead.
select eventlease.ensure_partitions_of_day(((statement_timestamp() at time zone 'UTC')::date + ahead))
from generate_series(-1, 7) as ahead;
