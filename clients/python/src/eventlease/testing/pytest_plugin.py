"""For pytest: `pytest_plugins = ["eventlease.testing.pytest_plugin"]` gives tests the fixture `eventlease_server`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from eventlease.testing.real_server import RealServer, server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def eventlease_server() -> Iterator[RealServer]:
    """One real server for the whole test run."""
    with server() as running:
        yield running
