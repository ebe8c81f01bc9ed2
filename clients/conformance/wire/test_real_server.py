"""The real server of the test kit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eventlease import Client
from eventlease.testing import server

if TYPE_CHECKING:
    import pytest


def test_it_takes_no_settings_of_its_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTLEASE_LEASE_TOKENS", "required")
    monkeypatch.setenv("DATABASE_URL", "postgres://127.0.0.1:1/nowhere")
    with server() as running, Client(running.url) as client:
        assert client.call("GET", "/server")["lease_tokens"] == "optional"
