"""The parts of `examples/demo.py`, in reading order:

scenario  the events, and how each of them has to end
server    the service under test, on a database of its own
client    HTTP calls of the producer and of the audit
unruly    the engine processes: `examples/engine.py` with a journal and bad habits
crew      starts them, restarts them under the same id, reads their journals
faults    kills one, freezes one, sends one away, lets one restart in a loop
audit     what became of every event, compared with what had to
report    the table of it, and what the faults did
"""
