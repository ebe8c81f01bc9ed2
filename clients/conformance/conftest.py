"""Divides the tests among processes, and shows the figures of long scenarios."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _pytest.terminal import TerminalReporter


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    """Runs short tests that share a server in one process, so that it is started once. The others run anywhere."""
    for item in items:
        group = "admin" if "admin" in getattr(item, "fixturenames", ()) else item.path.parent.name
        if group != "engine":
            item.add_marker(pytest.mark.xdist_group(f"{item.path.parent.name}-{group}"))


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Writes what scenarios have recorded with `record_property`."""
    for report in (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")):
        if report.user_properties:
            terminalreporter.section(report.nodeid)
            for name, value in report.user_properties:
                terminalreporter.write_line(f"{name}: {value}")
