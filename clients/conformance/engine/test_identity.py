"""Tokens and ids. Scenarios 17, 18."""

import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.conftest import FLAGS
from engine.fleet import Fleet, wait_until
from engine.proxy import Proxy
from eventlease.testing.real_server import server
from wire.target import EngineCaller, Target

NewFleet = Callable[..., Fleet]
ADMIN = "el_" + "a" * 64


@pytest.fixture(scope="module")
def admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A server with authentication."""
    file = tmp_path_factory.mktemp("admin") / "token"
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


def test_an_expired_token_is_replaced_and_no_lease_is_lost(admin: Target, new_fleet: NewFleet, tmp_path: Path) -> None:
    with Proxy(admin.url) as proxy:
        fleet = new_fleet(admin.with_token(token(admin, "orchestrator")), proxy.url)
        engine_id = fleet.target.engine(fleet.queue).id
        # What an engine registers again with says how long its next token lasts.
        expiring = {"engine_id": engine_id, "expires_in_seconds": 12}
        file = tmp_path / "token"
        file.write_text(token(admin, "engine", **expiring))
        engine = fleet.start(concurrency=2, token_file=file, engine_id=engine_id)
        fleet.enqueue(["sleep", 14], count=2)
        fleet.wait_noted("began", 2)
        file.write_text(token(admin, "registrar", engine_types=[fleet.queue]))
        fleet.wait_all_final()
        assert fleet.account() == {"completed": 2} and fleet.losses() == {}
        assert [request.status for request in proxy.requests if request.operation == "token"] == [200]
        assert 401 in {request.status for request in proxy.requests}
        assert engine.is_running and proxy.count("register") == 1


def test_a_rotated_registrar_s_token_is_read_anew(admin: Target, new_fleet: NewFleet, tmp_path: Path) -> None:
    fleet = new_fleet(admin.with_token(token(admin, "orchestrator")))
    file = tmp_path / "token"
    file.write_text(token(admin, "registrar", engine_types=[fleet.queue]))
    engine = fleet.start(token_file=file)
    fleet.enqueue()
    fleet.wait_all_final()
    for item in admin.call("GET", "/tokens?limit=200").body["items"]:
        if item["role"] == "registrar" and item["engine_types"] == [fleet.queue]:
            assert admin.call("DELETE", f"/tokens/{item['token_id']}").status == 204
    file.write_text(token(admin, "registrar", engine_types=[fleet.queue]))
    (registered,) = fleet.registered()
    revoke(admin, registered["engine_id"])
    fleet.enqueue()
    fleet.wait_all_final()
    assert engine.is_running and fleet.losses() == {}


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


def take(target: Target, queue: str, engine_id: str) -> EngineCaller:
    """Registers with the id of an engine that works, as another process would."""
    reply = target.call("POST", "/engines", {"engine_id": engine_id, "engine_type": queue})
    assert reply.status == 200 and reply.body["incarnation"] == 2, reply.body
    return EngineCaller(target, reply.body)


def test_an_engine_whose_random_id_is_taken_goes_on_under_another(
    target: Target, new_fleet: NewFleet, proxy: Proxy
) -> None:
    fleet = new_fleet(target, proxy.url)
    engine = fleet.start(concurrency=2)
    (held,) = fleet.enqueue(["sleep", 60])
    fleet.wait_noted("began")
    (registered,) = fleet.registered()
    other = take(target, fleet.queue, registered["engine_id"])
    fleet.wait_noted("raised", event_id=held, told="lease_lost")
    fleet.enqueue(count=5)
    wait_until(lambda: len(fleet.registered()) == 2)
    fleet.wait_all_final(ids=fleet.event_ids[1:])
    # Each has an id of its own, so neither supersedes the other again.
    assert other.heartbeat().status == 200
    assert engine.is_running and proxy.count("register") == 2
    assert any(registered["engine_id"] in line for line in engine.errors), engine.log


def test_an_engine_whose_given_id_is_taken_ends(target: Target, new_fleet: NewFleet, proxy: Proxy) -> None:
    fleet = new_fleet(target, proxy.url)
    engine_id = str(uuid.uuid4())
    engine = fleet.start(concurrency=2, engine_id=engine_id)
    fleet.enqueue(["sleep", 60])
    fleet.wait_noted("began")
    other = take(target, fleet.queue, engine_id)
    assert engine.wait() == 3
    fleet.wait_noted("raised", told="lease_lost")
    assert engine_id in engine.log and engine.errors and proxy.count("register") == 1
    # The end of this process removes no engine that is another's by now.
    assert other.heartbeat().status == 200
