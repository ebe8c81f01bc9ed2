"""What many tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from eventlease.testing import FakeServer

if TYPE_CHECKING:
    from collections.abc import Generator


@pytest.fixture
def server() -> Generator[FakeServer]:
    """A fake server, which ends with the test."""
    with FakeServer() as server:
        yield server


@pytest.fixture
def url(server: FakeServer) -> Generator[str]:
    """The address of that server over HTTP."""
    with server.over_http() as url:
        yield url
