"""The real server of the test kit."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from eventlease import Client
from eventlease.testing import server


def test_it_takes_no_settings_of_its_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTLEASE_LEASE_TOKENS", "required")
    monkeypatch.setenv("DATABASE_URL", "postgres://127.0.0.1:1/nowhere")
    with server() as running, Client(running.url) as client:
        assert client.call("GET", "/server")["lease_tokens"] == "optional"


@pytest.mark.parametrize("flags", [("--listen", "localhost:0"), ("--listen=127.0.0.1:0",)])
def test_it_listens_where_its_flags_say(flags: tuple[str, ...]) -> None:
    with server(*flags) as running:
        url = running.url
        running.terminate()
        running.start()  # where it was
        assert running.url == url
        with Client(url) as client:
            client.call("GET", "/server")


def test_its_data_is_where_its_flags_say() -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)  # as root, the private PostgreSQL runs as another user
        with server("--data-dir", f"{folder}/data") as first, Client(first.url) as client:
            event_id = client.enqueue("dialogue", "asked", 1).event_id
            with server("--database-url", first.database_url) as replica, Client(replica.url) as other:
                assert other.read(event_id)["status"] == "queued"
