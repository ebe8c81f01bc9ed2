"""Signals that come while engines are beginning."""

import signal
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest

from eventlease import Engine, run
from eventlease.testing import FakeServer


def raising() -> AbstractContextManager[None]:
    """A lifespan that is made in the moment of a signal."""
    signal.raise_signal(signal.SIGTERM)
    return nullcontext()


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_signal_during_the_beginning_is_heeded(kind: str) -> None:
    with FakeServer() as server:
        engines = [
            Engine("first", transport=server.transport, lifespan=raising),
            Engine("second", transport=server.transport),
        ]
        for engine in engines:

            @engine.on("sync")
            def handle(event: Any) -> None:
                """Is not called."""

            if kind == "async":

                @engine.on("async")
                async def handle_on_loop(event: Any) -> None:
                    """Neither is this."""

        run(*engines)
        assert not server.state.engines


def test_an_engine_that_cannot_begin_leaves_no_other_at_work() -> None:
    with FakeServer() as server:
        first, without_handlers = (Engine(name, transport=server.transport) for name in ("first", "second"))

        @first.on("sync")
        def handle(event: Any) -> None:
            """Is not called."""

        with pytest.raises(SystemExit):
            run(first, without_handlers)
        assert not server.state.engines
