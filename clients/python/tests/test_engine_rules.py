"""The rules of engines, by the cases that all languages share."""

import json
from pathlib import Path
from typing import Any

import pytest

from eventlease.rules import outcome, replies, shutdown
from eventlease.rules.leases import Row, Table

VECTORS = Path(__file__).parents[2] / "vectors"


def cases(name: str, part: str = "cases") -> pytest.MarkDecorator:
    """The cases of a file, each with its name."""
    listed = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))[part]
    return pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in listed])


@cases("outcome")
def test_outcome(case: dict[str, Any]) -> None:
    assert outcome.kind_of_report(outcome.Ending(case["ending"]), case["told"]) is outcome.Kind(case["report"])


@cases("no_handler")
def test_no_handler(case: dict[str, Any]) -> None:
    found = outcome.no_handler(case["releases_in_row"], fails_at_once=case["fails_at_once"])
    assert found == case["delay_seconds"]


@cases("replies", "verdicts")
def test_verdict_on_a_settlement(case: dict[str, Any]) -> None:
    errors, is_fallback = case.get("internal_errors", 0), case.get("is_fallback", False)
    found = replies.verdict(case["code"], case["status"], is_fallback=is_fallback, internal_errors=errors)
    assert found is replies.Verdict(case["verdict"])


@cases("replies", "recoveries")
def test_recovery_from_a_refused_call(case: dict[str, Any]) -> None:
    found = replies.recovery(case["code"], case["status"], at_start=case.get("at_start", False))
    assert found is replies.Recovery(case["recovery"])


@cases("replies", "batches")
def test_size_of_the_next_batch(case: dict[str, Any]) -> None:
    assert replies.next_batch(case["entries"], case["status"]) == case["next"]


@cases("shutdown")
def test_stage(case: dict[str, Any]) -> None:
    facts = {name: case[name] for name in ("asked_at", "asked", "is_drained", "is_released") if name in case}
    plan = shutdown.Plan(drain_seconds=25, grace_seconds=5, **facts)
    assert plan.stage(case["now"], case["held"]) is shutdown.Stage[case["stage"].upper()]


@cases("leases")
def test_table_of_leases(case: dict[str, Any]) -> None:
    table, rows = Table(), dict[str, Row]()
    for number, step in enumerate(case["steps"]):
        found = _do(table, rows, step)
        where = f"step {number}: {step}"
        if "expect" in step:
            assert found == step["expect"], where
        if "held" in step:
            assert len(table) == step["held"], where
        if "told" in step:
            assert {token: row.told for token, row in rows.items() if row.told} == step["told"], where


def _do(table: Table, rows: dict[str, Row], step: dict[str, Any]) -> Any:
    now, token = float(step["at"]), step.get("token", "")
    match step["do"]:
        case "place":
            row = Row(step["event"], token, 1, 300)
            rows.setdefault(token, row)
            return table.place(row, step["lease_end"], now)
        case "begin":
            return table.begin(rows[token], now)
        case "finish":
            return table.finish(rows[token])
        case "remove":
            newer = table.remove(rows[token])
            return newer and newer.lease_token
        case "inherit":
            newer = table.inherit(rows[token])
            return newer and newer.lease_token
        case "tell":
            return rows[token].tell(step["reason"], now)
        case "alive_until":
            table.alive_until = step["until"]
            return None
        case "lose":
            row = rows.get(token) or Row(step["event"], token, 1, 300)
            return token if table.lose(row, step["reason"], now) else None
        case "lose_all":
            return [row.lease_token for row in table.lose_all(step["reason"], now)]
        case "renew":
            return rows[token].renew(step["lease_end"])
        case "listed":
            return [{"token": row.lease_token, "renew": renew} for row, renew in table.listed(now, step["until"])]
        case "overdue":
            return [row.lease_token for row in table.overdue_behind(now)]
        case unknown:
            raise AssertionError(unknown)
