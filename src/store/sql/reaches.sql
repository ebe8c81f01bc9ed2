-- Into which queues each of engines $1 may enqueue.
select engine_id, engine_type, may_enqueue from eventlease.engine_states where engine_id = any($1)
