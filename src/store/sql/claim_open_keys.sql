-- Claims unique keys for new events, in the order sent, which must be that of the keys' names: so no two transactions wait
-- for each other. The answer has, for each, the id of its event and that of the event which has the key. One that is due
-- more than $6 seconds from now will not be taken in: it gets null.
with asked as materialized (
    select sent.engine_type, sent.unique_key,
        coalesce(sent.given_id, eventlease.new_event_id(statement_timestamp(), sent.place)) as event_id,
        coalesce(sent.asked_for <= statement_timestamp() + make_interval(secs => $6), true) as is_within_bound
    from unnest($1::text[], $2::text[], $3::uuid[], $4::integer[], $5::timestamptz[])
        as sent (engine_type, unique_key, given_id, place, asked_for)
)
select event_id,
    case when is_within_bound then eventlease.claim_open_key(engine_type, unique_key, event_id) end as holder
from asked
