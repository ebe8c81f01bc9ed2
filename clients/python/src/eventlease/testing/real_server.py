"""The real server, started for tests with a private PostgreSQL and a data directory of its own."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from argparse import ArgumentParser
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

READY = re.compile(r"^listening on (http://\S+)$", re.MULTILINE)


def find_binary() -> str:
    """The server's program: `EVENTLEASE_BINARY`, else `eventlease` on `PATH`."""
    named = os.environ.get("EVENTLEASE_BINARY")
    if named:
        return named
    found = shutil.which("eventlease")
    if found is None:
        raise FileNotFoundError(
            "the program `eventlease` was not found: put it on PATH, or name it with the variable EVENTLEASE_BINARY"
        )
    return found


class RealServer:
    """A process of the server. It can be killed and started again on the same address and data."""

    url: str
    """Set by `start`, like `http://127.0.0.1:41234`."""

    def __init__(self, folder: Path, flags: Sequence[str] = (), binary: str | None = None) -> None:
        self.folder, self.binary, self.log_file = folder, binary or find_binary(), folder / "server.log"
        own = ArgumentParser(add_help=False, allow_abbrev=False)
        own.add_argument("--listen", default="127.0.0.1:0")
        own.add_argument("--data-dir", default=str(folder / "data"))
        given, self.flags = own.parse_known_args(flags)
        self._listen, self._data_dir = given.listen, given.data_dir
        self._process: subprocess.Popen[str] | None = None

    @property
    def database_url(self) -> str:
        """The URL of its private database, for `--database-url` of a further replica."""
        host = quote(f"{self._data_dir}/socket", safe="")
        return f"postgres://postgres@localhost:5432/postgres?host={host}&sslmode=disable"

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server has not been started"
        return self._process.pid

    def start(self, timeout_seconds: float = 60) -> None:
        """Starts it and returns when it answers requests."""
        command = [self.binary, "serve", "--listen", self._listen, *self.flags]
        if not any(flag.startswith("--database-url") for flag in self.flags):
            command += ["--data-dir", self._data_dir]
        # The test must not use a database or settings of the environment.
        environment = {
            key: value
            for key, value in os.environ.items()
            if key != "DATABASE_URL" and not key.startswith("EVENTLEASE_")
        }
        with self.log_file.open("a") as log:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, text=True, env=environment,
                start_new_session=True,  # Ctrl-C goes to the tests only, which then stop it in order
            )  # fmt: skip
        watchdog = threading.Timer(timeout_seconds, self._process.kill)
        watchdog.start()
        try:
            assert self._process.stdout is not None
            for line in self._process.stdout:
                ready = READY.match(line)
                if ready:
                    self.url = ready[1]
                    self._listen = self.url.removeprefix("http://")
                    return
        finally:
            watchdog.cancel()
        self._process.wait()
        raise RuntimeError(f"the server did not start; its log ends with:\n{self.log_text()[-2000:]}")

    def terminate(self, timeout_seconds: float = 60) -> int:
        """Stops it in order, as a supervisor does, and returns its exit status."""
        return self._end(signal.SIGTERM, timeout_seconds)

    def kill(self) -> None:
        """Ends it without notice, as a crash does."""
        self._end(signal.SIGKILL, 10)

    def signal(self, number: int) -> None:
        """Sends it a signal, such as SIGSTOP."""
        os.kill(self.pid, number)

    def log_text(self) -> str:
        """What it has logged so far."""
        return self.log_file.read_text(errors="replace")

    def _end(self, number: int, timeout_seconds: float) -> int:
        process = self._process
        if process is None:
            return 0
        process.send_signal(number)
        try:
            status = process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        if process.stdout is not None:
            process.stdout.close()
        self._process = None
        return status


@contextmanager
def server(*flags: str, binary: str | None = None) -> Generator[RealServer]:
    """Runs a server for as long as the block lasts; its data is removed afterwards.

    `flags` are further flags of `eventlease serve`. One server is enough for a test run: give each test a queue of
    its own.
    """
    with tempfile.TemporaryDirectory(prefix="eventlease-test-", ignore_cleanup_errors=True) as folder:
        # Started by root, PostgreSQL runs as another user, which must be able to reach its data.
        Path(folder).chmod(0o711)
        running = RealServer(Path(folder), flags, binary)
        try:
            running.start()
            yield running
        finally:
            running.terminate()
