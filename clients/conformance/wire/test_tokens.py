"""With authentication: who may call, an engine's token, and how it ends."""

import itertools

from wire.target import EngineCaller, Target, new_queue, report

numbers = itertools.count()


def token(admin: Target, role: str, **members: object) -> Target:
    reply = admin.call("POST", "/tokens", {"role": role, "name": f"{role}-{next(numbers)}", **members})
    assert reply.status == 201, reply.body
    return admin.with_token(reply.body["token"])


def registered(admin: Target) -> tuple[Target, EngineCaller]:
    queue = new_queue()
    registrar = token(admin, "registrar", engine_types=[queue])
    return registrar, registrar.engine(queue)


def test_a_call_without_a_token_is_not_authenticated(admin: Target) -> None:
    for caller in (admin.with_token(None), admin.with_token("el_" + "0" * 64)):
        reply = caller.call("POST", "/engines", {"engine_type": "a"})
        assert (reply.status, reply.code) == (401, "unauthenticated") and reply.headers["www-authenticate"]


def test_a_producer_may_not_register_engines(admin: Target) -> None:
    reply = token(admin, "producer").call("POST", "/engines", {"engine_type": "a"})
    assert (reply.status, reply.code) == (403, "forbidden")
    assert "registrar" in reply.body["allowed_roles"]


def test_an_engine_works_with_its_own_token(admin: Target) -> None:
    _, engine = registered(admin)
    assert engine.registered["engine_token"].startswith("el_") and engine.registered["server"]["auth"] is True
    token(admin, "producer").enqueue(engine.queue)
    (event,) = engine.lease()
    assert engine.heartbeat().status == 200
    assert engine.settle(event, "completed").status == 200


def test_an_engine_may_not_speak_for_another(admin: Target) -> None:
    registrar, engine = registered(admin)
    other = registrar.engine(engine.queue)
    reply = engine.call("POST", f"/engines/{other.id}/heartbeat", {})
    assert (reply.status, reply.code) == (403, "forbidden")


def test_registering_again_ends_the_earlier_token_as_superseded(admin: Target) -> None:
    _, engine = registered(admin)
    again = engine.register_again()
    assert again.body["engine_token"] != engine.registered["engine_token"]
    reply = engine.heartbeat()
    assert (reply.status, reply.code) == (409, "engine_superseded")


def test_a_new_token_keeps_leases_and_incarnation(admin: Target) -> None:
    registrar, engine = registered(admin)
    token(admin, "producer").enqueue(engine.queue)
    (event,) = engine.lease()
    reply = registrar.call("POST", f"/engines/{engine.id}/token")
    assert reply.status == 200 and reply.body["incarnation"] == 1
    fresh = EngineCaller(registrar, {**engine.registered, "engine_token": reply.body["engine_token"]})
    assert fresh.settle(event, "completed").body["outcome"] == "completed"
    # The earlier one holds for a while, so that calls under way are answered.
    assert engine.heartbeat().status == 200


def test_a_revoked_token_is_not_authenticated(admin: Target) -> None:
    _, engine = registered(admin)
    listed = admin.call("GET", "/tokens?limit=200").body["items"]
    for item in (item for item in listed if item["engine_id"] == engine.id):
        assert admin.call("DELETE", f"/tokens/{item['token_id']}").status == 204
    reply = engine.heartbeat()
    assert (reply.status, reply.code) == (401, "unauthenticated")


def test_a_lease_token_is_required(admin: Target) -> None:
    _, engine = registered(admin)
    token(admin, "producer").enqueue(engine.queue)
    (event,) = engine.lease()
    reply = engine.call("PUT", f"/events/{event['event_id']}/status", {"status": "completed"})
    assert reply.places == ["/lease_token"]


def test_an_engine_enqueues_only_where_its_registration_allows(admin: Target) -> None:
    queue, allowed, other = new_queue(), new_queue(), new_queue()
    registrar = token(admin, "registrar", engine_types=[queue, allowed])
    engine = registrar.engine(queue, may_enqueue=[allowed])
    producer = token(admin, "producer")
    for _ in range(2):
        producer.enqueue(engine.queue)
    one, two = engine.lease()
    follow_up = {"event_type": "next", "payload": 1}
    reply = engine.settle(one, "completed", enqueue=[{**follow_up, "engine_type": allowed}])
    assert reply.body["outcome"] == "completed" and reply.body["enqueued"][0]["event_id"]
    reply = engine.settle(two, "completed", enqueue=[{**follow_up, "engine_type": other}])
    assert (reply.status, reply.code) == (422, "follow_up_refused")
    assert [error["pointer"] for error in reply.body["errors"]] == ["/enqueue/0/engine_type"]
    assert engine.settle_many(report(two, "completed")).body["results"][0]["outcome"] == "completed"


def test_an_engine_s_token_enqueues_nothing_by_itself(admin: Target) -> None:
    _, engine = registered(admin)
    body = {"engine_type": engine.queue, "event_type": "tried", "payload": 1}
    reply = engine.call("POST", "/events", body)
    assert (reply.status, reply.code) == (403, "forbidden")


def test_the_token_of_a_removed_engine_is_refused(admin: Target) -> None:
    _, engine = registered(admin)
    assert engine.call("DELETE", f"/engines/{engine.id}").status == 204
    for reply in (engine.heartbeat(), engine.exchange()):
        assert (reply.status, reply.code) == (401, "unauthenticated")
