"""Handlers that are `def`, in threads of their own."""

from __future__ import annotations

import threading
from contextvars import copy_context
from queue import SimpleQueue
from typing import TYPE_CHECKING

from eventlease.runners.attempt import Attempt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eventlease.rules.leases import Row
    from eventlease.runners.slots import Slots


class Threads:
    """Threads, started as they are needed; each runs one handler at a time."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._context = copy_context()
        self._rows: SimpleQueue[Row | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._idle = 0
        """Threads that wait for a row, less the rows that are on their way to them."""
        self._started = 0
        self.all: set[threading.Thread] = set()

    def submit(self, rows: Sequence[Row]) -> None:
        """Begins each."""
        with self._lock:
            for row in rows:
                if self._idle:
                    self._idle -= 1
                    self._rows.put(row)
                else:
                    self._started += 1
                    name = f"eventlease-{self._slots.settings.engine_type}-{self._started}"
                    thread = threading.Thread(target=self._work, args=(row,), name=name, daemon=True)
                    self.all.add(thread)
                    thread.start()

    def stop(self) -> None:
        """Ends the threads, apart from those whose handlers still run."""
        for _ in range(len(self.all)):  # the first of them may end before the last is told to
            self._rows.put(None)

    def _work(self, first: Row) -> None:
        row: Row | None = first
        while row is not None:
            ended = row
            try:
                self._context.copy().run(self._attempt, ended)
            except BaseException as error:  # noqa: BLE001, as from a library of traces
                self._slots.broke(ended, error)
            row = self._slots.next(ended)
            if ended.given_up:  # another thread has the slot
                break
            if row is None:
                with self._lock:
                    self._idle += 1
                row = self._rows.get()
        self.all.discard(threading.current_thread())

    def _attempt(self, row: Row) -> None:
        if self._slots.begin(row):
            with Attempt(self._slots, row) as attempt:  # SystemExit and KeyboardInterrupt end the handler alone
                attempt.returned(row.handler.call(attempt.event()))
