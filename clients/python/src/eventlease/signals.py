"""Signals that ask a process to end."""

from __future__ import annotations

import logging
import os
import signal
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger("eventlease.signals")

NAMES = ("SIGTERM", "SIGINT", "SIGBREAK")
LAST = 3


class Signals:
    """Replaces the default signal handlers within its `with` block, in the main thread only."""

    def __init__(self, asked: Callable[[], None]) -> None:
        """`asked` is called in the signal handler: it must not take locks."""
        self._asked = asked
        self._count = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Signals:
        numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
        if threading.current_thread() is not threading.main_thread():
            log.info("no signal handlers are installed: this is not the main thread")
            return self
        for number in numbers:
            before = signal.getsignal(number)
            if before in (signal.SIG_DFL, signal.default_int_handler):
                self._before[number] = before
                signal.signal(number, self._handle)
            else:
                how = "ignored" if before == signal.SIG_IGN else "handled by the program"
                log.info("no handler is installed for %s: it is %s", signal.Signals(number).name, how)
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _handle(self, number: int, _frame: object) -> None:
        self._count += 1
        if self._count >= LAST:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self._asked()
