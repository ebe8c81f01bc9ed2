"""Figures of long scenarios are shown at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Writes what scenarios have recorded with `record_property`."""
    for report in (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")):
        if report.user_properties:
            terminalreporter.section(report.nodeid)
            for name, value in report.user_properties:
                terminalreporter.write_line(f"{name}: {value}")
