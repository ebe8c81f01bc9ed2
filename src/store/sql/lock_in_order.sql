order by q.event_id
for update
