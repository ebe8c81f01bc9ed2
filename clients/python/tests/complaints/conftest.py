"""What the tests of complaints share."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

import pytest

from eventlease.testing import FakeServer

if TYPE_CHECKING:
    from collections.abc import Generator


@pytest.fixture
def server() -> Generator[FakeServer]:
    with FakeServer() as server:
        yield server


@pytest.fixture
def abandoned_loops() -> Generator[None]:
    """Closes event loops that an open complaint leaves behind, lest another test is told of them."""
    yield
    for loop in [each for each in gc.get_objects() if issubclass(type(each), asyncio.BaseEventLoop)]:
        for task in asyncio.all_tasks(loop):
            task._log_destroy_pending = False  # type: ignore[attr-defined]  # pyright: ignore
        if not loop.is_running():
            loop.close()
