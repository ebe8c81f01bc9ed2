"""Tokens and ids. Scenarios 17, 18."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from engine.conftest import FLAGS
from engine.fleet import Fleet, wait_until
from engine.proxy import Proxy
from eventlease import Engine, Event
from eventlease.testing.real_server import server
from wire.target import Target

if TYPE_CHECKING:
    from pathlib import Path

NewFleet = Callable[..., Fleet]
ADMIN = "el_" + "a" * 64


@pytest.fixture(scope="module")
def admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A server with authentication."""
    file: Path = tmp_path_factory.mktemp("admin") / "token"
    file.write_text(ADMIN)
    file.chmod(0o600)
    with server(*FLAGS, "--auth", "required", "--admin-token-from-file", str(file)) as running:
        yield Target(running.url, time.sleep, time.time, ADMIN)


def token(admin: Target, role: str, **members: object) -> str:
    body = {"role": role, "name": f"{role} {uuid.uuid4()}", **members}
    reply = admin.call("POST", "/tokens", body)
    assert reply.status == 201, reply.body
    return str(reply.body["token"])


def revoke(admin: Target, engine_id: str) -> None:
    items = admin.call("GET", "/tokens?limit=200").body["items"]
    for item in (item for item in items if item["engine_id"] == engine_id and item["state"] == "active"):
        assert admin.call("DELETE", f"/tokens/{item['token_id']}").status == 204


def test_a_revoked_token_is_replaced_and_no_lease_is_lost(admin: Target, new_fleet: NewFleet) -> None:
    with Proxy(admin.url) as proxy:
        fleet = new_fleet(admin.with_token(token(admin, "orchestrator")), proxy.url)
        registrar = token(admin, "registrar", engine_types=[fleet.queue])
        engine = fleet.start(concurrency=2, token=registrar)
        fleet.enqueue(["sleep", 4], count=2)
        fleet.wait_noted("began", 2)
        (registered,) = fleet.registered()
        revoke(admin, registered["engine_id"])
        fleet.wait_all_final()
        assert fleet.losses() == {}
        assert engine.is_running and proxy.count("register") == 1
        fleet.enqueue()
        fleet.wait_all_final()


def test_a_wrong_token_is_refused_at_the_start(admin: Target, new_fleet: NewFleet) -> None:
    fleet = new_fleet(admin)
    engine = fleet.start(token="el_" + "0" * 64)
    assert engine.wait() == 2
    assert "unauthenticated" in engine.log and "0" * 64 not in engine.log


def test_a_registrar_of_other_types_is_refused_at_the_start(admin: Target, new_fleet: NewFleet) -> None:
    fleet = new_fleet(admin)
    registrar = token(admin, "registrar", engine_types=["another"])
    engine = fleet.start(token=registrar)
    assert engine.wait() == 2
    assert "forbidden" in engine.log and registrar not in engine.log


@pytest.mark.long
def test_a_rotated_registrar_s_token_is_read_anew(admin: Target, new_fleet: NewFleet) -> None:
    fleet = new_fleet(admin.with_token(token(admin, "orchestrator")))
    tokens = [token(admin, "registrar", engine_types=[fleet.queue])]
    engine = Engine(fleet.queue, url=admin.url, token=lambda: tokens[-1], heartbeat_timeout_seconds=3)
    handled = threading.Semaphore(0)

    @engine.on("tried")
    def work(_: Event) -> None:
        handled.release()

    with engine:
        fleet.enqueue()
        assert handled.acquire(timeout=20)
        for item in admin.call("GET", "/tokens?limit=200").body["items"]:
            if item["role"] == "registrar" and item["engine_types"] == [fleet.queue]:
                admin.call("DELETE", f"/tokens/{item['token_id']}")
        tokens.append(token(admin, "registrar", engine_types=[fleet.queue]))
        engine_id = engine.engine_id
        assert engine_id is not None
        revoke(admin, engine_id)
        fleet.enqueue()
        assert handled.acquire(timeout=30)
        fleet.wait_all_final()


def test_of_two_processes_with_one_given_id_one_goes(target: Target, new_fleet: NewFleet, proxy: Proxy) -> None:
    fleet = new_fleet(target, proxy.url)
    engine_id = str(uuid.uuid4())
    first = fleet.start(engine_id=engine_id)
    fleet.enqueue()
    fleet.wait_all_final()
    second = fleet.start(engine_id=engine_id)
    wait_until(lambda: not first.is_running or not second.is_running)
    gone, left = (first, second) if not first.is_running else (second, first)
    assert gone.wait() == 3
    assert engine_id in gone.log and gone.errors
    fleet.enqueue(count=20)
    fleet.wait_all_final()
    time.sleep(3)
    assert left.is_running and proxy.count("register") <= 3
    assert fleet.account() == {"completed": 21}
