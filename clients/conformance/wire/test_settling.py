"""One report: what it is answered, repeated, late, contradicting, wrong."""

import pytest

from wire.target import NO_TOKEN, UNKNOWN_ID, Target, report


def test_a_completed_event_has_its_result(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    reply = engine.settle(event, "completed", result=[1, None])
    assert reply.body == {
        "event_id": event["event_id"], "status": "completed", "attempt": 1, "outcome": "completed"
    }  # fmt: skip
    ended = target.event(event["event_id"])
    assert ended["status"] == "completed" and ended["result"] == [1, None] and ended["finished_at"]


def test_a_failed_event_is_tried_again_and_says_what_was_before(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    reply = engine.settle(event, "failed", error={"type": "Bad", "message": "no"}, progress={"at": 1}, delay_seconds=0)
    assert (reply.body["status"], reply.body["outcome"]) == ("queued", "retry_scheduled") and reply.body["available_at"]
    (again,) = engine.lease()
    assert again["attempt"] == 2 and again["retries_left"] == 2 and again["max_attempts"] == 4
    assert again["previous"]["error"] == {"type": "Bad", "message": "no"}
    assert again["previous"]["outcome"] == "failed" and again["previous"]["progress"] == {"at": 1}


def test_a_bare_message_is_an_error_with_a_message(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    engine.settle(event, "failed", error="no")
    assert target.attempts(event["event_id"])[0]["error"] == {"message": "no"}


def test_an_event_that_is_not_retryable_is_a_dead_letter(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    reply = engine.settle(event, "failed", error="no", retryable=False)
    assert (reply.body["status"], reply.body["outcome"]) == ("failed", "dead_lettered")
    ended = target.event(event["event_id"])
    assert ended["status"] == "failed" and ended["dead_letter_reason"] == "not_retryable"


def test_a_released_event_says_why(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    reply = engine.settle(event, "queued", code="hold", reason="the model is busy", progress=[1])
    assert (reply.body["status"], reply.body["outcome"]) == ("queued", "released")
    (again,) = engine.lease()
    previous = again["previous"]
    assert previous["outcome"] == "released" and previous["code"] == "hold"
    assert previous["reason"] == "the model is busy" and previous["progress"] == [1]
    assert again["attempt"] == 2 and again["retries_left"] == 3 and again["releases_in_row"] == 1


@pytest.mark.parametrize(
    ("status", "members"), [("failed", {"error": "no", "delay_seconds": 0}), ("queued", {}), (None, {})]
)
def test_progress_is_of_its_attempt_alone(target: Target, status: str | None, members: dict[str, object]) -> None:
    engine = target.engine()
    event = engine.lease_one(retry_policy={"retry_delay": {"initial": 0, "max": 0}})
    engine.settle(event, "queued", progress={"at": 1})
    assert target.event(event["event_id"])["progress"] is None
    (second,) = engine.lease(visibility_timeout_seconds=1)
    assert second["previous"]["progress"] == {"at": 1}
    assert target.event(event["event_id"])["progress"] is None
    if status is None:
        target.pass_time(1.5)
    else:
        engine.settle(second, status, **members)
    (third,) = engine.lease(wait_seconds=5)
    assert third["attempt"] == 3 and third["previous"]["progress"] is None
    engine.settle(third, "completed")
    assert [attempt["progress"] for attempt in target.attempts(event["event_id"])] == [None, None, {"at": 1}]


def test_a_late_report_keeps_the_progress_of_its_lease(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    engine.settle(event, "processing", visibility_timeout_seconds=1, progress={"at": 1})
    target.pass_time(1.5)
    assert engine.settle(event, "queued").status == 200
    (attempt,) = target.attempts(event["event_id"])
    assert attempt["progress"] == {"at": 1} and attempt["outcome"] == "released"


def test_a_renewal_may_shorten_and_keeps_progress(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    reply = engine.settle(event, "processing", visibility_timeout_seconds=10, progress={"at": 2})
    assert reply.body["outcome"] == "renewed" and reply.body["status"] == "processing"
    assert 9 < reply.body["expires_in_seconds"] <= 10
    assert target.event(event["event_id"])["progress"] == {"at": 2}


@pytest.mark.parametrize(
    ("status", "members"), [("completed", {"result": 1}), ("failed", {"error": "no"}), ("queued", {})]
)
def test_a_report_again_is_answered_as_the_first_time(target: Target, status: str, members: dict[str, object]) -> None:
    engine = target.engine()
    event = engine.lease_one()
    first = engine.settle(event, status, **members)
    assert engine.settle(event, status, **members).body == first.body
    assert len(target.attempts(event["event_id"])) == 1


def test_another_word_than_the_first_is_refused(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    engine.settle(event, "completed")
    reply = engine.settle(event, "failed", error="no")
    assert (reply.status, reply.code) == (409, "already_settled")
    assert reply.body["settled_as"] == "completed" and reply.body["settled_at"]


def test_a_token_that_never_was_is_refused(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    event["lease"]["lease_token"] = NO_TOKEN
    reply = engine.settle(event, "completed")
    assert (reply.status, reply.code) == (409, "lease_lost")
    assert reply.body["event_status"] == "processing" and reply.body["current_attempt"] == 1
    assert reply.body["lease_ended_by"] is None and reply.body["lease_ended_at"] is None


def test_an_unknown_event_is_not_found(target: Target) -> None:
    reply = target.engine().call(
        "PUT", f"/events/{UNKNOWN_ID}/status", {"status": "completed", "lease_token": NO_TOKEN}
    )
    assert (reply.status, reply.code) == (404, "event_not_found")


def test_a_late_report_takes_the_loss_back(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one(visibility_timeout_seconds=1)
    target.pass_time(1.5)
    assert target.event(event["event_id"])["lease_losses"] == 1
    assert engine.settle(event, "completed").body["outcome"] == "completed"
    ended = target.event(event["event_id"])
    assert ended["status"] == "completed" and ended["lease_losses"] == 0


def test_a_late_report_is_refused_once_somebody_leased_again(target: Target) -> None:
    first = target.engine()
    second = target.engine(first.queue)
    event = first.lease_one(visibility_timeout_seconds=1)
    target.pass_time(1.5)
    (again,) = second.lease()
    reply = first.settle(event, "completed")
    assert (reply.status, reply.code) == (409, "lease_lost")
    assert reply.body["lease_ended_by"] == "expired" and reply.body["event_status"] == "processing"
    assert reply.body["current_attempt"] == 2
    assert second.settle(again, "completed").body["outcome"] == "completed"


def test_a_lost_lease_cannot_be_renewed(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one(visibility_timeout_seconds=1)
    target.pass_time(1.5)
    reply = engine.settle(event, "processing")
    assert (reply.status, reply.code) == (409, "lease_lost")


def test_the_token_of_another_engine_s_lease_is_of_no_use(target: Target) -> None:
    first = target.engine()
    second = target.engine(first.queue)
    event = first.lease_one()
    reply = second.settle(event, "completed")
    assert (reply.status, reply.code) == (403, "forbidden")
    assert first.settle(event, "completed").status == 200


def test_every_wrong_place_of_a_report_is_named(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    reply = engine.settle(event, "completed", error="no", delay_seconds=1, typo=1)
    assert sorted(reply.places) == ["/delay_seconds", "/error", "/typo"]
    assert engine.settle(event, "failed").places == ["/error"]
    assert engine.settle(event, "failed", error={"type": "a"}).places == ["/error/message"]
    assert engine.settle(event, "queued", delay_seconds=-1, reason="").places == ["/delay_seconds", "/reason"]


def test_a_result_that_is_too_large_or_too_deep_is_refused_alone(target: Target) -> None:
    engine = target.engine()
    one, two, three = engine.lease_one(), engine.lease_one(), engine.lease_one()
    deep: object = 0
    for _ in range(70):
        deep = [deep]
    results = engine.settle_many(
        report(one, "completed", result="x" * 300_000),
        report(two, "completed", result=deep),
        report(three, "completed", result=1),
    ).body["results"]
    assert [result.get("outcome") or result["error"]["code"] for result in results] == [
        "invalid_input", "invalid_input", "completed"
    ]  # fmt: skip
    for place in (0, 1):
        assert results[place]["error"]["errors"][0]["pointer"] == f"/settlements/{place}/result"


def test_a_body_that_is_no_json_is_malformed(target: Target) -> None:
    reply = target.engine().call("PUT", "/events/status", b'{"settlements": [')
    assert (reply.status, reply.code) == (400, "malformed_json")
