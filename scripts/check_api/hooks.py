"""What makes a request valid, where JSON Schema has no words for it. Changes requests that are meant to be valid; those
meant to be invalid go out as they are. Each rule has its reason."""
import uuid

import schemathesis

LONGEST_WAIT_SECONDS = 1
LONGEST_VALID_WAIT_SECONDS = 30


@schemathesis.hook
def before_call(context, case, kwargs):
    mode = case.meta.generation.mode if case.meta else None
    query, headers = case.query or {}, case.headers or {}
    # What is wrong with a request is something else than how long it waits.
    shorten(query)
    if mode is None or not mode.is_positive:
        return
    # A cursor is opaque: the only good ones are those that a page before has given.
    if "cursor" in query and not context.operation.label.endswith("/attempts"):
        del query["cursor"]
    elif "cursor" in query:
        query["cursor"] = "7"
    # Asked again with other terms, a poll's id is refused: each poll has its own.
    renew(query, "poll_id")
    events = []
    if isinstance(case.body, dict):
        # Nobody waits for as long as a poll or a heartbeat may last.
        shorten(case.body)
        renew(case.body, "poll_id")
        # Where header and body have one, it must be the same.
        if case.body.get("idempotency_key") is not None:
            headers.pop("Idempotency-Key", None)
        # A heartbeat lists a lease once.
        if isinstance(case.body.get("leases"), list):
            case.body["leases"] = list({str(lease.get("event_id")): lease for lease in case.body["leases"]}.values())
        # Nobody holds off for longer than a day.
        if isinstance(case.body.get("holding_off"), dict):
            case.body["holding_off"]["until"] = "2020-01-31T12:00:00Z"
        events = case.body["events"] if isinstance(case.body.get("events"), list) else [case.body]
        events = [*events, *(case.body.get("enqueue") or [])]
    # With another body, a key is refused: each event has its own.
    if "Idempotency-Key" in headers:
        headers["Idempotency-Key"] = str(uuid.uuid4())
    # Which registration of an engine is meant is said beside the engine.
    if "X-Engine-Id" not in headers and "engine_id" not in query and "engine_id" not in (case.path_parameters or {}):
        headers.pop("X-Engine-Incarnation", None)
    # The coverage phase does not look at patterns of headers.
    if "X-Engine-Id" in headers and not is_uuid(headers["X-Engine-Id"]):
        headers["X-Engine-Id"] = str(uuid.uuid4())
    for event in filter(lambda event: isinstance(event, dict), events):
        if event.get("idempotency_key") is not None:
            event["idempotency_key"] = str(uuid.uuid4())
        # No version is ff, no id is all zeros, and version 00 ends with its flags.
        if event.get("traceparent") is not None:
            event["traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        # It belongs to a traceparent.
        if event.get("traceparent") is None:
            event.pop("tracestate", None)
        # Two ways to say when an event is due: one of them at a time, and at most a year ahead.
        if event.get("available_at") is not None:
            event["available_at"] = "2020-01-31T12:00:00Z"
            event.pop("delay_seconds", None)


def shorten(terms):
    wait = terms.get("wait_seconds")
    if str(wait).isdecimal() and LONGEST_WAIT_SECONDS < int(wait) <= LONGEST_VALID_WAIT_SECONDS:
        terms["wait_seconds"] = LONGEST_WAIT_SECONDS


def is_uuid(text):
    try:
        return bool(uuid.UUID(text))
    except ValueError:
        return False


def renew(terms, name):
    if terms.get(name) is not None:
        terms[name] = str(uuid.uuid4())
