"""Engines as a whole program, which ends with a signal and an exit status."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from eventlease.errors import ConfigurationError
from eventlease.rules.shutdown import REFUSED_STATUS
from eventlease.runners.loop import OwnLoop, current_loop
from eventlease.signals import Signals

if TYPE_CHECKING:
    from eventlease.engine import Engine
    from eventlease.running import Running

log = logging.getLogger("eventlease.engine")


def run(*engines: Engine) -> None:
    """Runs several engines in one process, until a signal; see `Engine.run`."""
    if not engines:
        raise ConfigurationError("run: at least one engine")
    begun: list[Running] = []
    early: list[None] = []  # signals that came before all engines had begun

    def ask() -> None:
        if len(begun) < len(engines):
            early.append(None)
            return
        for running in begun:
            running.ask("signal")

    needs_loop = any(engine._handlers.has_async() for engine in engines)  # pyright: ignore[reportPrivateUsage]
    if needs_loop and current_loop() is not None:
        raise RuntimeError("an event loop is running: write `await engine.serve()` or `async with engine`")
    own = OwnLoop() if needs_loop else None
    with Signals(ask):
        try:
            for engine in engines:
                begun.append(engine._begin(own.loop if own else None))  # pyright: ignore[reportPrivateUsage]  # noqa: PERF401
            for _ in early:
                ask()
            if own is not None:
                own.end_after([running.done for running in begun])
                own.run()
            for running in begun:
                running.join()
        except ConfigurationError as error:
            log.error("%s", error)  # noqa: TRY400
            raise SystemExit(REFUSED_STATUS) from error
        finally:
            for running in begun:
                running.ask("stop")
            if own is not None:
                own.end_after([running.done for running in begun])
                own.finish()
            for engine, running in zip(engines, begun, strict=False):
                running.join()
                engine._running = None  # pyright: ignore[reportPrivateUsage]
    status = max((running.status for running in begun), default=0)
    if status:
        raise SystemExit(status)
