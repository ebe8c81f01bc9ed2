"""The threads of an engine: started again when they crash, and told to stop."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger("eventlease.engine")

MAX_CRASHES = 3
CRASHES_WITHIN_SECONDS = 60.0
PAUSE_SECONDS = 0.5


class Part:
    """A thread that runs one part of the engine until it is stopped."""

    def __init__(self, name: str, run: Callable[[], None], crashed: Callable[[str], None]) -> None:
        """`crashed` is called once the part crashes too often to be started again."""
        self.name = name
        self._run = run
        self._crashed = crashed
        self.stopped = threading.Event()
        self.has_crashed = False
        self._thread = threading.Thread(target=self._guard, name=name, daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def join(self, seconds: float) -> None:
        """Waits for its end."""
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _guard(self) -> None:
        crashes: list[float] = []
        while not self.stopped.is_set():
            try:
                self._run()
            except BaseException:
                log.exception(
                    "a part of the engine has crashed: %s", self.name, extra={"eventlease": {"part": self.name}}
                )
                now = time.monotonic()
                crashes = [at for at in crashes if at > now - CRASHES_WITHIN_SECONDS] + [now]
                if len(crashes) >= MAX_CRASHES:
                    self.has_crashed = True
                    self._crashed(self.name)
                    return
                self.stopped.wait(PAUSE_SECONDS)
            else:
                return
