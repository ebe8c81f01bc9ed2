"""What the tests of complaints share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from eventlease.testing import FakeServer

if TYPE_CHECKING:
    from collections.abc import Generator


@pytest.fixture
def server() -> Generator[FakeServer]:
    with FakeServer() as server:
        yield server
