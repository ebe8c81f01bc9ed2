"""Renews, in a forked child, objects that must not be shared with the parent."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Forkable(Protocol):
    """Something with connections, locks or threads."""

    def after_fork(self) -> None:
        """Called in the child, before anything else runs there."""
        ...


_watched: weakref.WeakSet[Forkable] = weakref.WeakSet()
watch = _watched.add
"""Has the `after_fork` of an object called in every forked child, for as long as the object exists."""


def _after_fork() -> None:
    for thing in list(_watched):
        thing.after_fork()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_after_fork)
