"""An engine process of the demo: `examples/engine.py` that obeys the scenario and keeps a journal.

Run as `python3 -m demo.unruly` in `examples/`. The journal has one JSON object a line, written in one piece, so that
it is whole whenever the process is killed:

    {"entry": "started"}                                       {"entry": "heartbeat"}
    {"entry": "leased", "event_id", "lease_token", "attempt"}
    {"entry": "settling", "event_id", "lease_token", "asked"}  before the request,
    {"entry": "settled", …, "outcome", "attempt"}              and its reply
    {"entry": "refused", …, "code"}
"""
import argparse
import json
import os
import random
import signal
import time
from typing import Any, Optional

from demo.scenario import fingerprint, instructions
from engine import Engine, NotRetryable, Refused, Work


class ModelOverloaded(Exception):
    """The failure that goes away with patience."""


class UnrulyEngine(Engine):
    def __init__(self, journal: str, is_deaf: bool, **of_every_engine: Any) -> None:
        super().__init__(**of_every_engine)
        self.journal = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self.is_deaf = is_deaf
        self.note("started")

    def note(self, entry: str, **facts: Any) -> None:
        os.write(self.journal, json.dumps({"entry": entry, **facts}).encode() + b"\n")

    def handle(self, work: Work) -> Any:
        payload, told = work.event["payload"], instructions(work.event["payload"])
        if "kills_engine" in told:
            os.kill(os.getpid(), signal.SIGKILL)
        done_at = time.monotonic() + told.get("work_seconds", random.uniform(0.1, 0.4))
        while time.monotonic() < done_at and not work.lost:
            work.progress = {"seconds_to_go": round(done_at - time.monotonic(), 1)}
            time.sleep(0.05)
        if "not_retryable" in told:
            raise NotRetryable(told["not_retryable"])
        if "always_fails" in told or work.event["retries_left"] > told.get("fails_until_retries_left", 100):
            raise ModelOverloaded(f"try again later, {work.event['retries_left']} retries are left")
        return {"fingerprint": fingerprint(payload)}

    def lease(self) -> list[Work]:
        works = super().lease()
        for work in works:
            self.note("leased", event_id=work.event["event_id"], lease_token=work.token, attempt=work.event["attempt"])
        return works

    def work_on(self, work: Work) -> None:
        work.lost = work.lost and not self.is_deaf
        super().work_on(work)

    def settle(self, work: Work, body: dict[str, Any]) -> None:
        work.lost = work.lost and not self.is_deaf  # a deaf engine reports what nobody waits for
        super().settle(work, body)

    def call(self, method: str, path: str, body: Any = None, timeout: float = 10, token: Optional[str] = None) -> Any:
        if method != "PUT":
            reply = super().call(method, path, body, timeout, token)
            if path.endswith("/heartbeat"):
                self.note("heartbeat")
            return reply
        report = {"event_id": path.split("/")[2], "lease_token": body["lease_token"], "asked": body["status"]}
        self.note("settling", **report)
        try:
            reply = super().call(method, path, body, timeout, token)
        except Refused as refused:
            self.note("refused", **report, code=refused.args[0])
            raise
        self.note("settled", **report, outcome=reply["outcome"], attempt=reply["attempt"])
        return reply


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("--url", "--engine-type", "--engine-id", "--journal"):
        parser.add_argument(name, required=True)
    parser.add_argument("--is-deaf", action="store_true", help="goes on with work whose lease is lost")
    arguments = parser.parse_args()
    UnrulyEngine(**vars(arguments), limit=3, heartbeat_timeout_seconds=3).run()
