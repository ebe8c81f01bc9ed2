"""What an engine of the demo notes of its work, so that it can be compared with the server's history.

One JSON object a line, written in one piece, so that it is whole whenever the process is killed.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

What = Literal["started", "begun", "ended", "settled", "lost"]


@dataclass(frozen=True)
class Entry:
    """One line. `settled` stands for a report that the server has taken, `lost` for one that came too late."""

    what: What
    event_id: str = ""
    attempt: int = 0
    outcome: str = ""  # of `ended` and `settled`: completed, failed, released or stopped

    @property
    def lease(self) -> tuple[str, int]:
        """The event and its attempt."""
        return self.event_id, self.attempt


class Journal:
    def __init__(self, path: Path) -> None:
        self.path = path

    def note(self, entry: Entry) -> None:
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.write(file, json.dumps(asdict(entry)).encode() + b"\n")
        os.close(file)

    def entries(self) -> list[Entry]:
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        return [Entry(**json.loads(line)) for line in lines]

    def held(self) -> list[tuple[str, int]]:
        """The events, each with its attempt, that the engine's present life works on."""
        life: list[Entry] = []
        for entry in self.entries():
            life = [] if entry.what == "started" else [*life, entry]
        ended = {entry.lease for entry in life if entry.what == "ended"}
        return [entry.lease for entry in life if entry.what == "begun" and entry.lease not in ended]
