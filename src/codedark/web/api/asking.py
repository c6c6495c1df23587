"""A request of a program and the answer to it, without their library."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from codedark.access import Session
from codedark.actions import Deeds
from codedark.views import Holdings, Record
from codedark.web.api.dressing import Dresser
from codedark.web.api.query import Pair

FHIR_JSON = "application/fhir+json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Asked:
    """`path`: the parts below /fhir; `pairs`: query and form, in order; `headers`: names in lower case; `token`: of
    `Authorization: Bearer`, else of the cookie; `base`: the address of /fhir as the client wrote it."""

    method: str
    path: tuple[str, ...]
    pairs: tuple[Pair, ...]
    headers: dict[str, str] = field(repr=False)
    token: str = field(repr=False)
    by_cookie: bool
    base: str
    device: str

    def strict(self) -> bool:
        """Whether what is not understood must be refused (`Prefer: handling=strict`)."""
        return "handling=strict" in self.headers.get("prefer", "").replace(" ", "").lower()


@dataclass(frozen=True, slots=True)
class Reply:
    """`body`, or with `pour` chunks that are made while they are sent."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    media_type: str = FHIR_JSON
    pour: Callable[[], Iterator[bytes]] | None = None


@dataclass(slots=True)
class Call:
    """One admitted request with what it is answered from."""

    asked: Asked
    session: Session
    record: Record
    deeds: Deeds
    holdings: Holdings
    dresser: Dresser
    zone: ZoneInfo

    def link(self, rest: str) -> str:
        """An address below /fhir."""
        return f"{self.asked.base}/{rest}"


Json = dict[str, Any]
