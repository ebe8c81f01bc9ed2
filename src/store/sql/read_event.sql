-- Event $1; with its payload if $2. To be followed by `event_details`.
with page as (
    select $1::uuid as event_id, $2::boolean as with_payload, false as is_brief
)
