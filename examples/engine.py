#!/usr/bin/env python3
"""An EventLease engine without a library, for authors in other languages: what one has to do, on one page.

In Python, use the library instead: clients/python, and examples/llm_engine.py as an engine that is written with it.

The main thread leases events, works on them one by one and settles each; a second one sends the heartbeats, which renew
the leases. Delivery is at least once: what `handle` does to the outside world must bear being done twice.
"""
import argparse
import json
import logging
import os
import random
import signal
import threading
import time
import uuid
from http.client import HTTPException
from typing import Any, Optional
from urllib.error import HTTPError
from urllib.request import Request, urlopen


class Work:
    """A leased event, shared by the thread that works on it and the one that renews its lease."""
    progress: Any = None  # an object you may set while you work: the next heartbeat sends it
    lost = False  # the event is not ours any more: stop, nobody waits for this result

    def __init__(self, event: dict[str, Any]) -> None:
        self.event, self.token = event, event["lease"]["lease_token"]


class NotRetryable(Exception):
    """Raise it from `handle` where trying again is pointless: the event becomes a dead letter."""


class Refused(NotRetryable):
    """The server understood a request and said no; the arguments are the problem's code and detail."""


class Engine:
    def __init__(self, url: str, engine_type: str, engine_id: str, limit: int, heartbeat_timeout_seconds: int) -> None:
        self.url, self.engine_type, self.engine_id = url.rstrip("/") + "/api/v1", engine_type, engine_id
        self.limit, self.heartbeat_timeout_seconds = limit, heartbeat_timeout_seconds
        self.held: list[Work] = []  # in the order of work, including those whose turn has not come yet
        self.token: Optional[str] = None  # the engine's own, where the server requires one
        self.leaving = False  # a plain bool, because a signal handler must not take locks

    def handle(self, work: Work) -> Any:
        """Replace me. What is returned is the result, what is raised is reported as a failure."""
        work.progress = {"step": "echo"}  # long work also looks at work.lost now and then
        return {"echo": work.event["payload"]}

    def run(self) -> None:
        self.register()
        threading.Thread(target=self.beat, daemon=True).start()
        signal.signal(signal.SIGTERM, self.leave)
        signal.signal(signal.SIGINT, self.leave)
        while not self.leaving:
            for work in self.lease():
                self.work_on(work)
        self.call("DELETE", f"/engines/{self.engine_id}")

    def register(self) -> None:
        reply = self.call("POST", "/engines", {
            "engine_id": self.engine_id, "engine_type": self.engine_type,
            "heartbeat_timeout_seconds": self.heartbeat_timeout_seconds,
            "metadata": {"static_config": {"engine_software_version": "1.0.0",
                                           "resource_limits": {"max_concurrent_events": self.limit}}}},
            token=os.environ.get("EVENTLEASE_TOKEN"))  # a registrar's or an orchestrator's
        self.token = reply.get("engine_token")
        self.heartbeat_interval_seconds = reply["heartbeat_interval_seconds"]

    def lease(self) -> list[Work]:
        # With a poll_id of its own, a poll repeated because its reply was lost gets the same leases again.
        query = f"limit={self.limit}&wait_seconds=20&poll_id={uuid.uuid4()}"
        reply = self.call("GET", f"/events/queue/{self.engine_type}?{query}", timeout=30)
        self.held = [Work(event) for event in reply["events"]]
        return list(self.held)

    def work_on(self, work: Work) -> None:
        try:
            if self.leaving:
                self.settle(work, {"status": "queued"})  # not begun: given back, which spends no retry
            elif not work.lost:
                self.settle(work, {"status": "completed", "result": self.handle(work)})
        except Exception as error:  # raised by `handle`, or the result is refused: too large, say
            logging.exception("event %s failed", work.event["event_id"])
            self.settle(work, {"status": "failed", "retryable": not isinstance(error, NotRetryable),
                               "error": {"type": type(error).__name__, "message": str(error)}})
        self.held.remove(work)

    def settle(self, work: Work, body: dict[str, Any]) -> None:
        try:
            if not work.lost:
                self.call("PUT", f"/events/{work.event['event_id']}/status", {"lease_token": work.token, **body})
        except Refused as refused:
            if refused.args[0] != "lease_lost":  # if it is: whoever has the event now will settle it
                raise

    def beat(self) -> None:
        while True:
            held = list(self.held)
            leases = [{"event_id": work.event["event_id"], "lease_token": work.token,
                       **({"progress": work.progress} if work.progress else {})} for work in held]
            body = {"current_workload": len(held), "leases": leases}
            try:
                reply = self.call("POST", f"/engines/{self.engine_id}/heartbeat", body)
                for work, answer in zip(held, reply["leases"]):  # answered in the order sent
                    work.lost = work.lost or answer["outcome"] == "lost"
                self.leaving = self.leaving or reply["command"] in ("drain", "stop")
            except Refused as refused:
                logging.error("heartbeat refused: %s", refused)
            time.sleep(self.heartbeat_interval_seconds)

    def leave(self, *_: Any) -> None:
        """SIGTERM: finish the event in hand, then go. Telling the server ends the long poll we may be parked in."""
        self.leaving = True
        threading.Thread(target=self.call, args=("POST", f"/engines/{self.engine_id}/drain"), daemon=True).start()

    def call(self, method: str, path: str, body: Any = None, timeout: float = 10, token: Optional[str] = None) -> Any:
        """A request, repeated until answered, as all of them here may be; on the way out for a few seconds only."""
        data, pause = None if body is None else json.dumps(body).encode(), 0.2
        trouble: object = None
        while True:
            shown = token or self.token
            identity = {"Authorization": f"Bearer {shown}"} if shown else {"X-Engine-Id": self.engine_id}
            headers = {"Content-Type": "application/json", **identity}
            try:
                with urlopen(Request(self.url + path, data, headers, method=method), timeout=timeout) as reply:
                    return json.loads(reply.read() or "null")
            except HTTPError as error:
                problem: dict[str, Any] = json.loads(error.read()) if "json" in error.headers.get("Content-Type", "") else {}
                trouble, retry_after = problem.get("code", error.code), error.headers.get("Retry-After", "")
                is_unknown = trouble in ("engine_not_found", "unauthenticated") and path != "/engines"
                if is_unknown and self.leaving:
                    raise SystemExit  # gone already, which is all we wanted
                if is_unknown and threading.current_thread() is threading.main_thread():
                    self.register()  # one thread only: to register is to restart, which ends what we hold
                elif not is_unknown and error.code not in (429, 502, 503, 504):
                    raise Refused(trouble, problem.get("detail"))
                pause = max(pause, float(retry_after)) if retry_after.isdigit() else pause
            except (OSError, HTTPException) as error:
                trouble = error
            if self.leaving and pause > 3:
                raise SystemExit(f"{trouble}: leaving without a word, our heartbeat timeout frees what we hold")
            logging.warning("%s %s: %s, trying again", method, path, trouble)
            time.sleep(pause * random.uniform(1, 1.5))
            pause = min(pause * 2, 5)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="An EventLease engine without a library.")
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--engine-type", required=True)
    parser.add_argument("--engine-id", default=str(uuid.uuid4()), help="our own choice: registering can be repeated")
    parser.add_argument("--limit", type=int, default=3, help="events leased at a time")
    parser.add_argument("--heartbeat-timeout-seconds", type=int, default=45)
    Engine(**vars(parser.parse_args())).run()
