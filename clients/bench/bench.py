"""Measures a client beside bare loops of requests on the same server: `python clients/bench/bench.py --help`.

Each mode has a server and a database that were just started. What the engine says it handled is compared with what the
server has recorded.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from eventlease.testing.real_server import RealServer, server
from worker import MODES, PAYLOAD, bare

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE = Path(__file__).parent
LIBRARY = HERE.parent / "typescript" / "dist" / "index.js"
# By mode: events, with what it is compared, and the targets of the clients in Python and TypeScript (docs/adr).
PLAN: dict[str, tuple[int, str | None, str, str]] = {
    "exchange-100": (
        60_000, "bare-exchange-100",
        ">= 6000/s, client <= 70 us an event", ">= 8000/s, client <= 40 us an event",
    ),
    "one-by-one": (2_000, "bare-one-by-one", ">= 90 % of the bare loop", ">= 90 % of the bare loop"),
    "threads-32": (30_000, None, ">= 2500/s; 3200 is the most possible", ">= 3000/s; 3200 is the most possible"),
    "async-500": (40_000, None, ">= 4000/s; 5000 is the most possible", ">= 4500/s; 5000 is the most possible"),
    "enqueue": (3_000, "bare-enqueue", ">= 90 % of the bare loop", ">= 90 % of the bare loop"),
    "enqueue-tasks": (50_000, None, ">= 8000/s", ">= 12000/s"),
    "idle": (
        60, None,
        "<= 0.3 % of a core, <= 3 polls a minute, <= 12 MB above the bare interpreter",
        "<= 0.3 % of a core, <= 3 polls a minute, <= 20 MB above bare Node",
    ),
    "leak": (
        1_000_000, None,
        "grows by <= 5 MB after the first 50000 events", "grows by <= 5 MB after the first 50000 events",
    ),
}  # fmt: skip
PRODUCING = ("enqueue", "enqueue-tasks", "bare-enqueue")


def main() -> None:
    """Runs the modes and prints a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True, help="the server's program")
    parser.add_argument("--client", choices=("python", "typescript"), default="python")
    parser.add_argument("--library", default=str(LIBRARY), help="the built TypeScript client")
    parser.add_argument("--mode", help="modes, separated by commas; all but leak without it")
    parser.add_argument("--scale", type=float, default=1.0, help="events times this")
    parser.add_argument("--rounds", type=int, default=1, help="runs of each, in turn with what it is compared with")
    chosen = parser.parse_args()
    modes = chosen.mode.split(",") if chosen.mode else [mode for mode in PLAN if mode != "leak"]
    worker = {"python": [sys.executable, str(HERE / "worker.py")], "typescript": ["node", str(HERE / "worker.mjs")]}
    bench = Bench(worker[chosen.client], chosen.library, chosen.server, chosen.client == "typescript")
    failed = [mode for mode in modes if not bench.measure(mode, chosen.scale, chosen.rounds)]
    if failed:
        raise SystemExit(f"what was handled is not what was recorded: {', '.join(failed)}")


@dataclass(frozen=True)
class Bench:
    """Which client is measured, and with which server."""

    worker: list[str]
    library: str
    binary: str
    is_typescript: bool

    def measure(self, mode: str, scale: float, rounds: int) -> bool:
        """Measures a mode and what it is compared with, and prints medians; false if the records differ."""
        events, beside, *goals = PLAN[mode]
        events = max(1000, int(events * scale)) if mode != "idle" else events
        line: dict[str, Any] = {"mode": mode, "load": os.getloadavg()[0], "target": goals[self.is_typescript]}
        runs: dict[str, list[dict[str, Any]]] = {each: [] for each in filter(None, (beside, mode))}
        is_right = True
        for _ in range(rounds):
            for each, figures_of_each in runs.items():
                figures, recorded = self.run(each, events)
                figures_of_each.append({name: value for name, value in figures.items() if value is not None})
                if recorded is not None:
                    handled = figures.get("different") or figures["handled"]
                    is_right = is_right and recorded == handled == events
                    figures_of_each[-1]["recorded"] = recorded
        for each, all_figures in runs.items():
            names = all_figures[0].keys()
            line[each] = {name: round(median(figures[name] for figures in all_figures), 4) for name in names}
        if beside:
            pairs = zip(runs[mode], runs[beside], strict=True)
            line["ratios"] = [round(one["per_second"] / bare_one["per_second"], 3) for one, bare_one in pairs]
            line["ratio"] = median(line["ratios"])
        print(json.dumps(line), flush=True)
        return is_right

    def run(self, mode: str, events: int) -> tuple[dict[str, Any], int | None]:
        """Runs one worker on a fresh server; also how many events the server has recorded as it says."""
        queue = f"bench-{mode}"
        runs: list[str] = []
        with server(binary=self.binary) as running:
            is_consuming = mode not in (*PRODUCING, "idle")
            if is_consuming:
                runs = fill(running, queue, events)
            settings = {"mode": mode, "url": running.url, "queue": queue, "events": events, "library": self.library}
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
            done = subprocess.run(
                [*self.worker, json.dumps(settings)], check=True, stdout=subprocess.PIPE, text=True, env=environment
            )
            figures: dict[str, Any] = json.loads(done.stdout)
            if not is_consuming:
                return figures, None
            with bare(running.url) as call:
                return figures, sum(call("GET", f"/scenario-runs/{run}", None)["counts"]["completed"] for run in runs)


def fill(running: RealServer, queue: str, events: int) -> list[str]:
    """Enqueues what is to be worked on, in runs that are small enough to be counted exactly; the runs."""
    runs: list[str] = []
    with bare(running.url) as call:
        for count in portions(events, 1000):
            runs.append(uuid.uuid4().hex)
            event = {"engine_type": queue, "event_type": "tried", "payload": PAYLOAD, "scenario_run_id": runs[-1]}
            reply = call("POST", "/events/batch", {"events": [event] * count})
            assert reply["rejected"] == 0, reply
    return runs


def portions(total: int, most: int) -> Iterable[int]:
    """The total in parts."""
    while total > 0:
        yield min(total, most)
        total -= most


if __name__ == "__main__":
    assert PLAN.keys() <= MODES.keys()
    main()
