"""The private PostgreSQL of a server, which is killed, stopped, or has no room left."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from eventlease.testing.real_server import RealServer

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence


class Host:
    """A server whose PostgreSQL other replicas use. It ends when PostgreSQL does, and is started again."""

    def __init__(self, server: RealServer) -> None:
        self.server = server
        self._data = server.folder / "data"

    def signal(self, number: int) -> None:
        """Sends a signal to all processes of PostgreSQL, the postmaster first: it would tell the others."""
        for pid in self._processes():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self) -> None:
        """Ends PostgreSQL without notice, and starts it again."""
        self.signal(signal.SIGKILL)
        self.start_again()

    def start_again(self) -> None:
        self.server.terminate()
        self.server.start()

    def fill_disk(self) -> None:
        """Takes all room that is left. Needs the folder to be a file system of its own."""
        with self._ballast.open("ab", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(1 << 20))

    def clear_disk(self) -> None:
        """Gives the room back; starts PostgreSQL again if it gave up."""
        self._ballast.unlink()
        if not all(Path(f"/proc/{pid}").exists() for pid in self._processes()[:1]):
            self.start_again()

    @property
    def _ballast(self) -> Path:
        return self._data / "ballast"

    def _processes(self) -> list[int]:
        postmaster = int((self._data / "cluster" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children")
        return [postmaster, *map(int, children.read_text().split() if children.exists() else [])]


@contextmanager
def host_on_small_disk(flags: Sequence[str], megabytes: int) -> Generator[Host]:
    """A host whose data are on a file system of that size, in memory. PermissionError without root."""
    with tempfile.TemporaryDirectory(prefix="eventlease-test-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)
        data = folder / "data"
        data.mkdir()
        options = f"size={megabytes}m,mode=0755"
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(data)], check=False, capture_output=True, text=True
        )
        if mounted.returncode:
            raise PermissionError(mounted.stderr.strip())
        server = RealServer(folder, flags)
        try:
            server.start()
            yield Host(server)
        finally:
            server.terminate()
            subprocess.run(["umount", "-l", str(data)], check=False)
