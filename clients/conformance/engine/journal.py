"""What an engine under test says of itself: a line of JSON for each thing that happened, written at once."""

import json
import os
import time
from pathlib import Path
from typing import Any


class Journal:
    """Appends lines. Each is one write, so that it is whole even if the process is killed."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def note(self, what: str, **members: Any) -> None:
        """Notes that something happened."""
        line = json.dumps({"what": what, "at": time.time(), "pid": os.getpid(), **members})
        os.write(self._file, f"{line}\n".encode())


def read(path: Path) -> list[dict[str, Any]]:
    """All lines so far."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]
