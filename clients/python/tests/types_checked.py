"""What a strict type checker says of programs that use the library."""

from __future__ import annotations

import re
from pathlib import Path

from mypy import api

SOURCE = Path(__file__).parents[1] / "src"


def type_errors(folder: Path, *programs: str) -> list[str]:
    """The messages, of each program as if it stood alone: the line of the program, and what is wrong with it."""
    files = [folder / f"program_{number}.py" for number in range(len(programs))]
    for file, program in zip(files, programs, strict=True):
        file.write_text(program)
    config = folder / "mypy.ini"
    config.write_text(f"[mypy]\nstrict = true\ndisallow_any_explicit = true\nmypy_path = {SOURCE}\n")
    flags = ["--config-file", str(config), "--cache-dir", str(folder.parent / "types"), "--no-error-summary"]
    said, failure, _ = api.run([*flags, "--follow-imports", "silent", *map(str, files)])
    assert not failure, failure
    errors: list[str] = []
    for line in said.splitlines():
        place = re.match(r"(.*\.py):(\d+): error: (.*)", line)
        if place is not None:
            errors.append(f"{Path(place[1]).read_text().splitlines()[int(place[2]) - 1].strip()}: {place[3]}")
    return errors
