-- How many they are, the oldest $17 of them, and when this was so.
select
    (select count(*) from wanted) as matched,
    array(select event_id from wanted order by dead_lettered_at, event_id limit $17) as event_ids,
    statement_timestamp() as chosen_at
