"""Puts the server's program into the wheel, and names the platforms on which it runs."""

import os
import platform
import re
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parents[2]


class WithProgram(BuildHookInterface):
    """A hook of hatchling. EVENTLEASE_BINARY names the program, else it is the one of the profile `dist`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the wheel is built."""
        program = Path(os.environ.get("EVENTLEASE_BINARY") or ROOT / "target" / "dist" / "eventlease")
        if not program.is_file():
            raise FileNotFoundError(f'there is no {program}: run "cargo build --locked --profile dist", or name one')
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform_tag(program)}"
        build_data["force_include"][str(program)] = "eventlease_server/eventlease"


def platform_tag(program: Path) -> str:
    """On Linux by the newest symbol of the C library that the program needs, as `auditwheel` does it."""
    if platform.system() != "Linux":
        return re.sub("[-.]", "_", sysconfig.get_platform())
    needed = [int(minor) for minor in re.findall(rb"GLIBC_2\.(\d+)", program.read_bytes())]
    return f"manylinux_2_{max(needed)}_{platform.machine()}"
