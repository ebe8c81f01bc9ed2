"""Reads the members of a JSON object, and notes every wrong place of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eventlease.testing.fake_server.checks import Check, Wrong, kind, members
from eventlease.testing.fake_server.refusals import invalid

if TYPE_CHECKING:
    from collections.abc import Callable

Errors = list[dict[str, str]]


class Fields:
    """The members of one object. Checks raise Wrong."""

    def __init__(self, value: Any, place: str, errors: Errors) -> None:
        self.place, self.errors = place, errors
        self._left: dict[str, Any] = {}
        if isinstance(value, dict):
            self._left = dict(members(value))
        else:
            self.error("", f"must be an object, not {kind(value)}")

    def error(self, name: str, detail: str) -> None:
        """Notes what is wrong with a member."""
        self.errors.append({"pointer": f"{self.place}/{name}" if name else self.place, "detail": detail})

    def has(self, name: str) -> bool:
        """Whether the member was sent and not read yet."""
        return name in self._left

    def optional(self, name: str, check: Check, default: Any = None) -> Any:
        """A member that may be left out, or null, which is the same."""
        value = self._left.pop(name, None)
        return default if value is None else self._checked(name, value, check, default)

    def required(self, name: str, check: Check) -> Any:
        """A member that must be there; null is a value that the check has to take."""
        if name not in self._left:
            self.error(name, "is missing")
            return None
        return self._checked(name, self._left.pop(name), check, None)

    def drop(self, *names: str) -> None:
        """Lets members pass that nothing is read of."""
        for name in names:
            self._left.pop(name, None)

    def finish(self, explain: Callable[[str], str] | None = None) -> None:
        """Notes the members that nobody has read."""
        for name in self._left:
            self.error(name, explain(name) if explain else "is not a field of this object")

    def _checked(self, name: str, value: Any, check: Check, default: Any) -> Any:
        try:
            return check(value)
        except Wrong as error:
            self.error(name, str(error))
            return default


def read_whole(body: Any, read: Callable[[Fields], Any]) -> Any:
    """Reads a request's body, or refuses it with all its wrong places."""
    errors: Errors = []
    fields = Fields(body, "", errors)
    value = read(fields) if not errors else None
    fields.finish()
    if errors:
        raise invalid(errors)
    return value
