"""The faults. Each strikes from a thread of its own while the work goes on, and notes what it did."""
import signal
import time
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

from demo.client import Client
from demo.crew import Crew, EngineProcess

WAIT_SECONDS = 30


@dataclass
class Fault:
    """A fault and whom it strikes. `held`: the leases it had in hand then, as its journal's `leased` entries."""
    what: str
    strike: "Callable[[Fault, Crew, Client], None]"
    engine: EngineProcess
    is_silent: bool  # the engine says nothing about the leases it loses
    held: list[dict[str, Any]] = field(default_factory=list)
    went_wrong: Optional[str] = None

    def run(self, crew: Crew, url: str) -> None:
        try:
            self.strike(self, crew, Client(url))
        except Exception as error:  # told at the end; the demo goes on without this fault
            self.went_wrong = f"{type(error).__name__}: {error}"


def wait_for(crew: Crew, what: str, is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_so():
        if time.monotonic() > deadline or crew.is_over.wait(0.02):
            raise TimeoutError(f"gave up waiting until {what}")


def freeze_while_holding(crew: Crew, engine: EngineProcess) -> list[dict[str, Any]]:
    """SIGSTOP at a moment when the engine has two leases at least, of which it works on one."""
    while True:
        wait_for(crew, f"{engine.name} holds two leases", lambda: engine.has_beaten() and len(engine.held()) >= 2)
        engine.send(signal.SIGSTOP)
        time.sleep(0.05)  # the signal is delivered a moment after it was sent
        held = engine.held()
        if len(held) >= 2:
            return held
        engine.send(signal.SIGCONT)


def kill(fault: Fault, crew: Crew, _: Client) -> None:
    """SIGKILL while it holds leases, and nobody restarts it: its heartbeats stay away."""
    fault.engine.is_supervised = False
    fault.held = freeze_while_holding(crew, fault.engine)
    fault.engine.send(signal.SIGKILL)


def hang(fault: Fault, crew: Crew, client: Client) -> None:
    """Frozen until others have leased what it holds; then it wakes up and reports its stale results."""
    fault.held = freeze_while_holding(crew, fault.engine)

    def all_leased_again() -> bool:
        return all(client.call("GET", f"/api/v1/events/{leased['event_id']}")["attempt"] > leased["attempt"]
                   for leased in fault.held)

    try:
        wait_for(crew, f"all that {fault.engine.name} holds is leased again", all_leased_again)
    finally:
        fault.engine.send(signal.SIGCONT)


def send_away(fault: Fault, crew: Crew, _: Client) -> None:
    """SIGTERM while it holds leases, as in a rolling update: it gives back what it has not begun."""
    wait_for(crew, f"{fault.engine.name} holds two leases", lambda: len(fault.engine.held()) >= 2)
    fault.engine.is_supervised = False
    fault.held = fault.engine.held()
    fault.engine.send(signal.SIGTERM)
    wait_for(crew, f"{fault.engine.name} has left", lambda: not fault.engine.is_alive())
