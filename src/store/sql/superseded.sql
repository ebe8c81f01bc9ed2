-- The engine of token $1, which ended because its engine registered again, and when that was.
select engine_id, superseded_at
from eventlease.tokens
where token_id = $1 and superseded_at is not null
