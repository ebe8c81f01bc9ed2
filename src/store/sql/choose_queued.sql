-- How many they are, the oldest $6 of them, and when this was so.
select
    (select count(*) from wanted) as matched,
    array(select event_id from wanted order by event_id limit $6) as event_ids,
    statement_timestamp() as chosen_at
