"""What failures, silent losses and releases spend, and what is held beside a suspect."""

from wire.target import Target

AT_ONCE = {"retry_delay": {"initial": 0, "max": 0}}


def test_the_fourth_failure_is_final(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one(retry_policy=AT_ONCE)
    for number in range(3):
        assert event["retries_left"] == 3 - number and event["max_attempts"] == 4
        assert engine.settle(event, "failed", error="no").body["outcome"] == "retry_scheduled"
        (event,) = engine.lease()
    assert event["attempt"] == event["max_attempts"] == 4
    assert engine.settle(event, "failed", error="no").body["outcome"] == "dead_lettered"
    assert target.event(event["event_id"])["dead_letter_reason"] == "retries_exhausted"


def test_a_retry_waits_as_the_policy_says(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one(retry_policy={"retry_delay": {"initial": 2, "max": 60, "multiplier": 3}, "jitter": 0})
    engine.settle(event, "failed", error="no")
    assert engine.lease() == []
    target.pass_time(2.3)
    assert len(engine.lease()) == 1


def test_an_own_policy_of_no_retries(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one(retry_policy={"max_retries": 0})
    assert event["retries_left"] == 0 and event["max_attempts"] == 1
    assert engine.settle(event, "failed", error="no").body["outcome"] == "dead_lettered"


def test_the_third_silent_loss_is_final(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one(retry_policy=AT_ONCE)
    for losses in range(1, 4):
        assert engine.register_again().status == 200
        state = target.event(event["event_id"])
        assert state["lease_losses"] == losses
        if losses < 3:
            (event,) = engine.lease()
            assert event["losses_left"] == 3 - losses and event["retries_left"] == 3
    assert state["status"] == "failed" and state["dead_letter_reason"] == "lease_losses_exhausted"


def test_an_event_after_one_loss_is_leased_beside_others(target: Target) -> None:
    engine = target.engine()
    engine.lease_one()
    engine.register_again()
    target.enqueue(engine.queue)
    assert len(engine.lease()) == 2


def test_only_one_suspect_at_a_time(target: Target) -> None:
    engine = target.engine()
    for _ in range(2):
        target.enqueue(engine.queue)
    assert len(engine.lease()) == 2
    engine.register_again()
    assert len(engine.lease()) == 1
    assert engine.lease() == []


def test_a_suspect_of_two_losses_is_leased_alone(target: Target) -> None:
    engine = target.engine()
    engine.lease_one(priority=9, retry_policy=AT_ONCE)
    engine.register_again()
    assert len(engine.lease()) == 1
    engine.register_again()
    target.enqueue(engine.queue)
    (suspect,) = engine.lease()
    assert suspect["losses_left"] == 1
    notice = engine.exchange(limit=5).body["notice"]
    assert notice["code"] == "engine_at_capacity" and notice["held"] == 1
    engine.settle(suspect, "completed")
    assert len(engine.lease()) == 1


def test_releases_spend_nothing_and_are_counted_in_a_row(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    for number in range(2):
        assert event["releases_in_row"] == number
        engine.settle(event, "queued", code="no_handler")
        (event,) = engine.lease()
    assert event["retries_left"] == 3 and event["losses_left"] == 3 and event["releases_in_row"] == 2
    # The third without a delay waits a second.
    engine.settle(event, "queued")
    assert engine.lease() == []
    target.pass_time(1.2)
    (event,) = engine.lease()
    engine.settle(event, "failed", error="no", delay_seconds=0)
    (event,) = engine.lease()
    assert event["releases_in_row"] == 0


def test_a_silent_engine_loses_its_leases_at_its_heartbeat_timeout(target: Target) -> None:
    engine = target.engine(heartbeat_timeout_seconds=3)
    event = engine.lease_one()
    engine.heartbeat()
    target.pass_time(3.5)
    (attempt,) = target.attempts(event["event_id"])
    assert attempt["outcome"] == "engine_unresponsive"
    assert target.call("GET", f"/engines/{engine.id}").body["status"] == "unresponsive"
    engine.heartbeat()
    assert target.call("GET", f"/engines/{engine.id}").body["status"] == "active"


def test_an_engine_that_never_sent_a_heartbeat_keeps_its_leases(target: Target) -> None:
    engine = target.engine(heartbeat_timeout_seconds=3)
    event = engine.lease_one()
    target.pass_time(3.5)
    assert target.event(event["event_id"])["status"] == "processing"
