"""The faults. Each strikes from a thread of its own while the work goes on, and notes what it did."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from demo.crew import Crew, EngineProcess
from eventlease import Client

WAIT_SECONDS = 30


@dataclass
class Fault:
    """A fault and whom it strikes. `held`: the events, each with its attempt, that the engine worked on then."""

    what: str
    strike: "Callable[[Fault, Crew, Client], None]"
    engine: EngineProcess
    is_silent: bool  # the engine says nothing about the leases it loses
    held: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    went_wrong: str | None = None

    def run(self, crew: Crew, client: Client) -> None:
        try:
            self.strike(self, crew, client)
        except Exception as error:  # noqa: BLE001 - told at the end; the demo goes on without this fault
            self.went_wrong = f"{type(error).__name__}: {error}"


def wait_for(crew: Crew, what: str, is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_so():
        if time.monotonic() > deadline or crew.is_over.wait(0.02):
            raise TimeoutError(f"gave up waiting until {what}")


def freeze_while_working(crew: Crew, engine: EngineProcess, client: Client) -> list[tuple[str, int]]:
    """SIGSTOP at a moment when the engine works on two events at least.

    Until its first heartbeat the server judges an engine by its leases alone.
    """
    path = f"/engines/{engine.engine_id}"
    wait_for(crew, f"{engine.name} works", lambda: bool(engine.journal.held()))
    wait_for(crew, f"{engine.name} sends heartbeats", lambda: client.call("GET", path)["last_heartbeat"] is not None)
    while True:
        wait_for(crew, f"{engine.name} works on two events", lambda: len(engine.journal.held()) >= 2)
        engine.send(signal.SIGSTOP)
        time.sleep(0.05)  # the signal is delivered a moment after it was sent
        held = engine.journal.held()
        if len(held) >= 2:
            return held
        engine.send(signal.SIGCONT)


def kill(fault: Fault, crew: Crew, client: Client) -> None:
    """SIGKILL while it works, and nobody restarts it: its heartbeats stay away."""
    fault.engine.is_supervised = False
    fault.held = freeze_while_working(crew, fault.engine, client)
    fault.engine.send(signal.SIGKILL)


def hang(fault: Fault, crew: Crew, client: Client) -> None:
    """Frozen until others have leased what it works on; then it wakes up and reports its stale results."""
    fault.held = freeze_while_working(crew, fault.engine, client)
    try:
        wait_for(
            crew,
            f"all that {fault.engine.name} works on is leased again",
            lambda: all(client.read(event_id)["attempt"] > attempt for event_id, attempt in fault.held),
        )
    finally:
        fault.engine.send(signal.SIGCONT)


def send_away(fault: Fault, crew: Crew, _: Client) -> None:
    """SIGTERM while it works, as in a rolling update: it ends what it has begun, and gives back the rest."""
    wait_for(crew, f"{fault.engine.name} works on two events", lambda: len(fault.engine.journal.held()) >= 2)
    fault.engine.is_supervised = False
    fault.held = fault.engine.journal.held()
    fault.engine.send(signal.SIGTERM)
    wait_for(crew, f"{fault.engine.name} has left", lambda: not fault.engine.is_alive())
