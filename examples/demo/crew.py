"""The engine processes: started, restarted under the same id when they die, and read through their journals."""
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Any, Optional

EXAMPLES = Path(__file__).parent.parent


class EngineProcess:
    def __init__(self, name: str, engine_type: str, url: str, directory: Path, is_deaf: bool) -> None:
        self.name, self.engine_type, self.engine_id = name, engine_type, str(uuid.uuid4())
        self.is_deaf = is_deaf  # it reports also what it was told is lost
        self.journal, self.log = directory / f"{name}.jsonl", directory / f"{name}.log"
        self.command = [sys.executable, "-m", "demo.unruly", "--url", url, "--engine-type", engine_type,
                        "--engine-id", self.engine_id, "--journal", str(self.journal)] + ["--is-deaf"] * is_deaf
        self.process: Optional[subprocess.Popen[bytes]] = None
        self.is_supervised = True  # restarted when it dies; not so once the demo itself sends it away
        self.deaths = 0

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=EXAMPLES, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "NO_PROXY": "*"}, start_new_session=True)  # Ctrl-C is the demo's to handle

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def send(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(number)

    def entries(self) -> list[dict[str, Any]]:
        if not self.journal.exists():
            return []
        return [json.loads(line) for line in self.journal.read_bytes().split(b"\n") if line]

    def held(self) -> list[dict[str, Any]]:
        """What its present life has leased and not begun to settle, as `leased` entries."""
        life: list[dict[str, Any]] = []
        for entry in self.entries():
            life = [] if entry["entry"] == "started" else [*life, entry]
        settling = {entry["lease_token"] for entry in life if entry["entry"] == "settling"}
        return [entry for entry in life if entry["entry"] == "leased" and entry["lease_token"] not in settling]

    def log_tail(self, lines: int = 10) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def has_beaten(self) -> bool:
        """Until its first heartbeat the service judges an engine by its leases alone."""
        return any(entry["entry"] == "heartbeat" for entry in self.entries())


class Crew:
    def __init__(self) -> None:
        self.engines: list[EngineProcess] = []
        self.is_over = threading.Event()
        self.supervisor = threading.Thread(target=self.supervise, daemon=True)
        self.supervisor.start()

    def hire(self, engine: EngineProcess) -> EngineProcess:
        engine.start()
        self.engines.append(engine)
        return engine

    def alive(self) -> int:
        return sum(engine.is_alive() for engine in self.engines)

    def supervise(self) -> None:
        """What a process supervisor does: whoever dies is started again, as the engine it was."""
        while not self.is_over.wait(0.05):
            for engine in list(self.engines):
                if engine.is_supervised and not engine.is_alive():
                    engine.deaths += 1
                    engine.start()

    def send_home(self, seconds: float = 15) -> "dict[EngineProcess, Optional[int]]":
        """SIGTERM to all that live; their exit statuses, None for one that stayed."""
        self.is_over.set()
        self.supervisor.join()
        living = [engine for engine in self.engines if engine.is_alive()]
        for engine in living:
            engine.send(signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while any(engine.is_alive() for engine in living) and time.monotonic() < deadline:
            time.sleep(0.05)
        return {engine: engine.process.poll() for engine in living if engine.process is not None}

    def disband(self) -> None:
        """SIGKILL, which also ends a frozen one."""
        self.is_over.set()
        self.supervisor.join()
        for engine in self.engines:
            if engine.is_alive() and engine.process is not None:
                engine.process.kill()
                engine.process.wait()
