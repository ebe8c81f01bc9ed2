"""Installs the tools, of pinned versions, once: again only where a list of versions has changed."""
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

NODE_LISTS = ["package.json", "package-lock.json"]


@dataclass(frozen=True)
class Installed:
    lists: Path  # where the versions and the tools' configurations stand
    python_programs: Path
    node_programs: Path
    environment: dict[str, str]


def install(lists: Path, cache: Path) -> Installed:
    venv, node = cache / "venv", cache / "node"
    if not is_fresh(lists, venv, ["requirements.txt"]):
        shutil.rmtree(venv, ignore_errors=True)
        run(sys.executable, "-m", "venv", venv)
        run(venv / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "-r", lists / "requirements.txt")
        remember(lists, venv, ["requirements.txt"])
    if not is_fresh(lists, node, NODE_LISTS):
        shutil.rmtree(node, ignore_errors=True)
        node.mkdir(parents=True)
        remember(lists, node, NODE_LISTS)
        try:
            run("npm", "ci", "--silent", "--no-audit", "--no-fund", cwd=node)
        except BaseException:
            shutil.rmtree(node)
            raise
    path = os.pathsep.join([str(venv / "bin"), str(node / "node_modules" / ".bin"), os.environ.get("PATH", "")])
    # Neither telemetry nor a look for newer versions.
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NO_COLOR": "1"}
    return Installed(lists, venv / "bin", node / "node_modules" / ".bin", {**os.environ, **quiet, "PATH": path})


def is_fresh(lists: Path, cache: Path, names: list[str]) -> bool:
    return all((cache / name).is_file() and (cache / name).read_bytes() == (lists / name).read_bytes() for name in names)


def remember(lists: Path, cache: Path, names: list[str]) -> None:
    for name in names:
        shutil.copyfile(lists / name, cache / name)


def run(*command: object, cwd: Path | None = None) -> None:
    print("check-api: installing:", " ".join(Path(str(part)).name for part in command[:3]), flush=True)
    subprocess.run([str(part) for part in command], cwd=cwd, check=True)
