"""Long runs: a fleet under faults, and a provider that refuses everybody for a minute. Scenario 30."""

import itertools
import os
import random
import signal
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import pytest

from engine.fleet import EngineProcess, Fleet, wait_until
from engine.proxy import Proxy, ReplyFault, Request
from engine.test_ending import open_sockets
from engine.test_outages import target_of
from eventlease import Client, Engine, Enqueued, Event, Hold
from eventlease.testing.real_server import RealServer
from wire.target import Target, new_queue

pytestmark = pytest.mark.long

MINUTES = float(os.environ.get("EVENTLEASE_FAULT_MINUTES", "2"))
SEED = int(os.environ.get("EVENTLEASE_FAULT_SEED", "1"))
# What it may grow by. Runtimes that collect their garbage now and then keep room for it.
GROWTH_MB = 25 if os.environ.get("EVENTLEASE_ENGINE") else 5
LASTING_ID = "01900000-0000-7000-8000-00000000000a"
PATIENT = {"retry_delay": {"initial": 0, "max": 1}, "max_retries": 100, "dead_letter_threshold": 100}


class Faults:
    """What is done to server, engines and connections. The first engine is frozen and cut off, but never ended."""

    def __init__(self, server: RealServer, fleet: Fleet, proxy: Proxy) -> None:
        self.server, self.fleet, self.proxy = server, fleet, proxy
        self.random = random.Random(SEED)
        self.done: Counter[str] = Counter()

    def one(self) -> None:
        """Does one of them, and waits until it is over."""
        kind = self.random.choice(
            [self.kill_server, self.stop_server, self.kill_engine, self.stop_engine, self.freeze_engine,
             self.cut_connections, self.refuse_connections, self.cut_replies, self.delay_replies, self.drain_engine]
        )  # fmt: skip
        self.done[kind.__name__] += 1
        kind()

    def kill_server(self) -> None:
        self.server.kill()
        time.sleep(self.random.uniform(0, 4))
        self.server.start()

    def stop_server(self) -> None:
        self.server.terminate()
        self.server.start()

    def kill_engine(self) -> None:
        self._engine(self.fleet.engines[1:]).signal(signal.SIGKILL)
        self.replace_engines()

    def stop_engine(self) -> None:
        engine = self._engine(self.fleet.engines[1:])
        engine.signal(signal.SIGTERM)
        engine.wait(90)
        self.replace_engines()

    def freeze_engine(self) -> None:
        engine = self._engine(self.fleet.engines)
        engine.signal(signal.SIGSTOP)
        time.sleep(self.random.uniform(1, 6))
        engine.signal(signal.SIGCONT)

    def cut_connections(self) -> None:
        self.proxy.cut_all()

    def refuse_connections(self) -> None:
        self.proxy.refuse()
        time.sleep(self.random.uniform(0.5, 6))
        self.proxy.accept()

    def cut_replies(self) -> None:
        def fault(_: Request) -> ReplyFault:
            return ReplyFault(cut_after=self.random.randrange(400)) if self.random.random() < 0.3 else ReplyFault()

        self._for_a_while(fault)

    def delay_replies(self) -> None:
        self._for_a_while(lambda _: ReplyFault(late_by=self.random.uniform(0, 2)))

    def drain_engine(self) -> None:
        engines = [engine for engine in self.fleet.registered() if engine["engine_id"] != LASTING_ID]
        if engines:
            engine = self.random.choice(engines)
            self.fleet.target.call("POST", f"/engines/{engine['engine_id']}/drain", {"then": "exit"})
        time.sleep(1)
        self.replace_engines()

    def _for_a_while(self, fault: Callable[[Request], ReplyFault]) -> None:
        self.proxy.fault = fault
        time.sleep(self.random.uniform(2, 8))
        self.proxy.fault = lambda _: ReplyFault()

    def _engine(self, engines: list[EngineProcess]) -> EngineProcess:
        return self.random.choice([engine for engine in engines if engine.is_running])

    def replace_engines(self) -> None:
        running = sum(engine.is_running for engine in self.fleet.engines)
        if running < 4:
            self.fleet.start(4 - running, concurrency=5, prefetch=5)


@dataclass(frozen=True)
class Footprint:
    """What a process occupies."""

    memory_mb: float
    threads: int
    sockets: int

    @classmethod
    def of(cls, pid: int) -> "Footprint":
        folder = Path(f"/proc/{pid}")
        return cls(memory_mb(pid), sum(1 for _ in (folder / "task").iterdir()), open_sockets(pid))


def median(footprints: list[Footprint]) -> Footprint:
    """Member by member."""
    columns = ([getattr(each, field.name) for each in footprints] for field in fields(Footprint))
    return Footprint(*(round(statistics.median(column), 1) for column in columns))


def produce(url: str, fleet: Fleet, is_over: threading.Event, refused: list[object]) -> None:
    """Enqueues fifty events a second; one in fifty fails for good."""
    numbers = itertools.count(1)
    with Client(url, timeout_seconds=120) as client:
        while not is_over.wait(0.2):
            events = []
            for number in itertools.islice(numbers, 10):
                kind = "tried.async" if number % 2 else "tried"
                verb = ["sleep_hard", 0.05] if number % 3 else ["sleep", 0.1]
                do = [verb, ["fail", "no luck"]] if number % 50 == 0 else [verb]
                policy = {**PATIENT, "max_retries": 0} if number % 50 == 0 else PATIENT
                payload = {"do": do, "result": number}
                events.append(
                    {"engine_type": fleet.queue, "event_type": kind, "retry_policy": policy, "payload": payload}
                )
            for result in client.enqueue_many(events):
                if isinstance(result, Enqueued):
                    fleet.event_ids.append(result.event_id)
                else:
                    refused.append(result)


def test_a_fleet_under_faults_loses_nothing(
    own_server: Callable[..., RealServer],
    new_fleet: Callable[..., Fleet],
    record_property: Callable[[str, object], None],
) -> None:
    server = own_server()
    target = target_of(server)
    with Proxy(server.url) as proxy:
        fleet = new_fleet(target, proxy.url)
        # Superseded by nobody, so that its id stays.
        lasting = fleet.start(concurrency=5, prefetch=5, engine_id=LASTING_ID)
        faults = Faults(server, fleet, proxy)
        faults.replace_engines()
        is_over = threading.Event()
        refused: list[object] = []
        producer = threading.Thread(target=produce, args=(proxy.url, fleet, is_over, refused))
        producer.start()
        footprints: list[Footprint] = []
        deadline = time.monotonic() + MINUTES * 60
        while time.monotonic() < deadline:
            faults.one()
            time.sleep(faults.random.uniform(0.5, 3))
            footprints.append(Footprint.of(lasting.process.pid))
            del proxy.requests[:-100]  # their replies are kept
        is_over.set()
        producer.join()
        faults.replace_engines()
        fleet.wait_all_final(300)
        counts = fleet.account()
        assert refused == []
        early, late = (
            median(part) for part in (footprints[: len(footprints) // 4], footprints[-len(footprints) // 4 :])
        )
        record_property("faults", dict(faults.done))
        record_property("events", dict(counts))
        record_property("first quarter", str(early))
        record_property("last quarter", str(late))
        record_property("load average", os.getloadavg())
        assert late.memory_mb - early.memory_mb < GROWTH_MB, footprints
        assert late.threads <= early.threads + 2 and late.sockets <= early.sockets + 2, footprints
        failed = [event for event, _ in fleet.recorded() if event["status"] == "failed"]
        assert {event["error_type"] for event in failed} == {"Failing"}
        for engine in fleet.engines:
            if engine.is_running:
                engine.signal(signal.SIGTERM)
                assert engine.wait(60) == 0
        crashes = [line for engine in fleet.engines for line in engine.errors]
        assert crashes == []


@pytest.mark.python
def test_fifty_engines_hold_off_for_a_minute(target: Target, proxy: Proxy) -> None:
    queue = new_queue()
    busy_until = time.monotonic() + 60
    handled: set[str] = set()
    lock = threading.Lock()
    target.call("GET", "/server")  # whose connection is kept
    threads, sockets = set(threading.enumerate()), open_sockets()
    engines = [Engine(queue, url=proxy.url, concurrency=4, log_failures=False) for _ in range(50)]

    def work(event: Event) -> None:
        if time.monotonic() < busy_until:
            raise Hold(5, "the provider answers 429")
        with lock:
            handled.add(event.event_id)

    with Client(target.url) as client:
        events = [{"engine_type": queue, "event_type": "tried", "payload": n} for n in range(3000)]
        ids = [result.event_id for result in client.enqueue_many(events) if isinstance(result, Enqueued)]
        assert len(ids) == 3000
    for engine in engines:
        engine.on("tried")(work)
        engine.start()
    time.sleep(15)
    early, count = memory_mb(), len(proxy.requests)
    time.sleep(40)
    late, per_engine = memory_mb(), (len(proxy.requests) - count) / 40 / 50
    assert late - early < 10, (early, late)
    # A poll, a settlement and perhaps a heartbeat for each time that it held off.
    assert per_engine < 2, per_engine
    wait_until(lambda: len(handled) == 3000, 120, lambda: len(handled))
    for engine in engines:
        engine.stop()
    assert handled == set(ids)
    for event_id in ids[::30]:
        event = target.event(event_id)
        assert event["status"] == "completed" and event["failures"] == 0 and event["lease_losses"] == 0
    left = set(threading.enumerate()) - threads
    assert not [thread for thread in left if thread.name.startswith("eventlease")]
    wait_until(lambda: proxy.connections == 0, describe=lambda: proxy.connections)
    wait_until(lambda: open_sockets() == sockets, describe=lambda: (open_sockets(), sockets))


def memory_mb(pid: int | str = "self") -> float:
    """Resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6
