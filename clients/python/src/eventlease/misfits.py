"""The places at which a payload is not what its handler asks for."""

from __future__ import annotations

from eventlease.errors import Portable


class PayloadInvalid(Portable, Exception):
    """The payload is not what the handler asks for; `places` says where, with `pointer` and `detail` of each."""

    def __init__(self, places: list[dict[str, str]]) -> None:
        super().__init__("; ".join(f"{place['pointer'] or '/'}: {place['detail']}" for place in places))
        self.places = places


def misfit(detail: str) -> PayloadInvalid:
    """The value as a whole does not fit."""
    return PayloadInvalid([place("", detail)])


def place(pointer: str, detail: str) -> dict[str, str]:
    """One place, by its JSON pointer."""
    return {"pointer": pointer, "detail": detail}


def below(name: object) -> str:
    """The pointer of a member or an item."""
    return f"/{str(name).replace('~', '~0').replace('/', '~1')}"
