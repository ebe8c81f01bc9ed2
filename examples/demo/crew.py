"""The engine processes: started, and restarted under the same id when they die."""

import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

from demo.journal import Journal

EXAMPLES = Path(__file__).parent.parent
PYTHON = (sys.executable, "-m", "demo.unruly")


class EngineProcess:
    def __init__(
        self,
        name: str,
        engine_type: str,
        url: str,
        directory: Path,
        *,
        is_deaf: bool,
        program: Sequence[str] = PYTHON,
    ) -> None:
        self.name, self.engine_id = name, str(uuid.uuid4())
        self.is_deaf = is_deaf  # it reports also what it was told is lost
        self.journal, self.log = Journal(directory / f"{name}.jsonl"), directory / f"{name}.log"
        self.command = [
            *(*program, "--url", url, "--engine-type", engine_type),
            *("--engine-id", self.engine_id, "--journal", str(self.journal.path), *["--is-deaf"] * is_deaf),
        ]
        self.is_supervised = True  # restarted when it dies; not so once the demo itself sends it away
        self.deaths = 0
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=EXAMPLES, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,  # Ctrl-C is the demo's to handle
            )  # fmt: skip

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def log_tail(self, lines: int = 10) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class Crew:
    def __init__(self) -> None:
        self.engines: list[EngineProcess] = []
        self.is_over = threading.Event()
        self.supervisor = threading.Thread(target=self.supervise, daemon=True)
        self.supervisor.start()

    def alive(self) -> int:
        return sum(engine.is_alive() for engine in self.engines)

    def supervise(self) -> None:
        """What a process supervisor does: whoever dies is started again, as the engine it was."""
        while not self.is_over.wait(0.05):
            for engine in list(self.engines):
                if engine.is_supervised and not engine.is_alive():
                    engine.deaths += 1
                    engine.start()

    def send_home(self, seconds: float = 15) -> dict[EngineProcess, int | None]:
        """SIGTERM to all that live; their exit statuses, None for one that stayed."""
        self.is_over.set()
        self.supervisor.join()
        living = [engine for engine in self.engines if engine.is_alive()]
        for engine in living:
            engine.send(signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while any(engine.is_alive() for engine in living) and time.monotonic() < deadline:
            time.sleep(0.05)
        return {engine: engine.process.poll() for engine in living}

    def disband(self) -> None:
        """SIGKILL, which also ends a frozen one."""
        self.is_over.set()
        self.supervisor.join()
        for engine in self.engines:
            engine.process.kill()
            engine.process.wait()
