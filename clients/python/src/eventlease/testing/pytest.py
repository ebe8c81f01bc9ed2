"""A pytest plug-in: `pytest_plugins = ["eventlease.testing.pytest"]` gives tests the fixture `eventlease_server`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from eventlease.testing.real_server import RealServer, server


@pytest.fixture(scope="session")
def eventlease_server() -> Iterator[RealServer]:
    """One real server for the whole test run."""
    with server() as running:
        yield running
