-- Up to $4 redrive jobs older than $3 (null: the newest), the newest first: those whose filter names queue $1 (null: any), and no
-- other queues than $2 (null: any, or none).
select *
from eventlease.redrive_jobs
where job_id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    and ($1::text is null or filter ->> 'engine_type' = $1
        or (filter -> 'engine_types')::jsonb ? $1)
    and ($2::text[] is null or filter ->> 'engine_type' = any($2)
        or (filter -> 'engine_types')::jsonb <@ to_jsonb($2))
order by job_id desc
limit $4
