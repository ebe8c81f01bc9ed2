"""What makes a request valid, where JSON Schema has no words for it. Changes requests that are meant to be valid; those
meant to be invalid go out as they are. Each rule has its reason."""
import uuid

import schemathesis

LONGEST_WAIT_SECONDS = 1


@schemathesis.hook
def before_call(context, case, kwargs):
    mode = case.meta.generation.mode if case.meta else None
    if mode is None or not mode.is_positive:
        return
    query, headers = case.query or {}, case.headers or {}
    # A cursor is opaque: the only good ones are those that a page before has given.
    if "cursor" in query and not context.operation.label.endswith("/attempts"):
        del query["cursor"]
    elif "cursor" in query:
        query["cursor"] = "7"
    # Nobody waits for as long as a poll may last.
    shorten(query)
    # Asked again with other terms, a poll's id is refused: each poll has its own.
    renew(query, "poll_id")
    events = []
    if isinstance(case.body, dict):
        shorten(case.body)
        renew(case.body, "poll_id")
        # Where header and body have one, it must be the same.
        if case.body.get("idempotency_key") is not None:
            headers.pop("Idempotency-Key", None)
        # A heartbeat lists a lease once.
        if isinstance(case.body.get("leases"), list):
            case.body["leases"] = list({str(lease.get("event_id")): lease for lease in case.body["leases"]}.values())
        events = case.body["events"] if isinstance(case.body.get("events"), list) else [case.body]
    # With another body, a key is refused: each event has its own.
    if "Idempotency-Key" in headers:
        headers["Idempotency-Key"] = str(uuid.uuid4())
    # The coverage phase does not look at patterns of headers.
    if "X-Engine-Id" in headers and not is_uuid(headers["X-Engine-Id"]):
        headers["X-Engine-Id"] = str(uuid.uuid4())
    for event in filter(lambda event: isinstance(event, dict), events):
        if event.get("idempotency_key") is not None:
            event["idempotency_key"] = str(uuid.uuid4())
        # Two ways to say when an event is due: one of them at a time, and at most a year ahead.
        if event.get("available_at") is not None:
            event["available_at"] = "2020-01-31T12:00:00Z"
            event.pop("delay_seconds", None)


def shorten(terms):
    wait = terms.get("wait_seconds")
    if isinstance(wait, int) and LONGEST_WAIT_SECONDS < wait <= 30:
        terms["wait_seconds"] = LONGEST_WAIT_SECONDS


def is_uuid(text):
    try:
        return bool(uuid.UUID(text))
    except ValueError:
        return False


def renew(terms, name):
    if terms.get(name) is not None:
        terms[name] = str(uuid.uuid4())
