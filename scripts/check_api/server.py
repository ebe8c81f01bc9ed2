"""The service under test: `eventlease serve` on a fresh embedded database and a free port."""
import os
import re
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

START_SECONDS, STOP_SECONDS = 60, 40


class Server:
    def __init__(self, binary: str, directory: Path) -> None:
        self.output, self.log = directory / "server.out", directory / "server.log"
        # Neither a database nor settings that happen to stand in the caller's environment.
        environment = {name: value for name, value in os.environ.items()
                       if name != "DATABASE_URL" and not name.startswith("EVENTLEASE_")}
        with self.output.open("wb") as output, self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [binary, "serve", "--listen", "127.0.0.1:0", "--data-dir", str(directory / "data")],
                stdin=subprocess.DEVNULL, stdout=output, stderr=log, env=environment,
                start_new_session=True)  # Ctrl-C is check-api's to handle, which then stops the server in order
        self.started_at = time.monotonic()
        self.url = ""

    def wait_until_ready(self) -> None:
        deadline, direct = time.monotonic() + START_SECONDS, build_opener(ProxyHandler({}))
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError("the server ended while starting")
            said = re.search(r"listening on (http://\S+)", self.output.read_text())
            if said:
                self.url = said.group(1)
                with suppress(HTTPError), direct.open(self.url + "/readyz"):
                    return
            time.sleep(0.05)
        raise RuntimeError(f"the server was not ready within {START_SECONDS} s")

    def stop(self) -> int:
        """Exit status of an orderly shutdown; after too long a wait it is killed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def log_tail(self, lines: int = 15) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
