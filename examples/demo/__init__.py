"""The parts of `examples/demo.py`, in reading order.

scenario  the events, and how each of them has to end
journal   what an engine notes of its work
unruly    the engine processes: an engine that obeys the scenario, has bad habits and keeps a journal;
          unruly.ts is the same on the TypeScript client, without the bad habits
crew      starts them, restarts them under the same id, reads their journals
faults    kills one, freezes one, sends one away
history   what became of every event
audit     that, compared with what had to
report    the table of it, and what the faults did
"""
