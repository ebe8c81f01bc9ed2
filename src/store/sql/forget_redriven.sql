-- Forgets up to $2 of the dead letters that redrive job $1 has redriven.
delete from eventlease.redriven_by_jobs r
where r.job_id = $1
    and r.event_id = any(array(
        select o.event_id
        from eventlease.redriven_by_jobs o
        where o.job_id = $1
        order by o.event_id
        limit $2
    ))
