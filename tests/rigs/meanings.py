"""Messages made of segments, read by the real parser and interpreter, and the claims added up as the views do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from codedark.entries import Fact, Interpretation, Op, Site, interpret
from codedark.journal import Entry, Flag, Header

SITE = Site(facility="st-anna", zone="America/New_York", authority="ANNA")
ORIGIN = b"origin-of-a-test"
PID = "PID|1||4711^^^ANNA^MR||OKAFOR^NGOZI||19720304|F"
PV1 = "PV1|1|I|4W^412^B^ANNA||||99^HALE^IRIS^^^DR||||||||||||V100^^^ANNA^VN"


def message(kind: str, *segments: str, at: str = "20261123150000", control: str = "M1", sequence: str = "") -> bytes:
    """ER7 bytes: an MSH of this kind and time, then the segments."""
    head = f"MSH|^~\\&|EHR|ANNA|CODEDARK|ANNA|{at}||{kind}|{control}|P|2.5.1|{sequence}"
    return "\r".join((head, *segments)).encode() + b"\r"


def fields(name: str, **at: str) -> str:
    """A segment with these fields: `f3="x"` is field 3."""
    numbered = {int(key[1:]): text for key, text in at.items()}
    return "|".join([name, *(numbered.get(n, "") for n in range(1, max(numbered) + 1))])


def entry(payload: bytes, *, position: int = 7, kind: str = "hl7.received", source: str = "feed:adt") -> Entry:
    """An opened entry that holds the payload."""
    header = Header(
        position=position,
        origin=ORIGIN,
        previous=b"\0" * 32,
        recorded_at_us=1_790_000_000_000_000,
        boot=b"b" * 16,
        sequence=position,
        clock_trusted=True,
        flags=Flag.NONE,
        epoch=b"e" * 16,
        kind=kind,
        version=1,
        audience="facility",
        source=source,
        length=len(payload),
    )
    return Entry(header, b"\1" * 32, payload, None)


def said(kind: str, *segments: str, site: Site = SITE, **how: Any) -> Interpretation:
    """What a message of these segments means."""
    return interpret(entry(message(kind, *segments, **how)), site)


def of_type(meaning: Interpretation, kind: str) -> list[Fact]:
    """The facts about resources of one type."""
    return [fact for fact in meaning.facts if fact.type == kind]


def only(meaning: Interpretation, kind: str) -> Fact:
    """The one fact about a resource of that type."""
    (fact,) = of_type(meaning, kind)
    return fact


def folded(meanings: Iterable[Interpretation]) -> dict[tuple[str, str], dict[str, Any]]:
    """(type, id) → body: all claims in the order of their rank, as architecture decision 10 says."""
    claims: dict[tuple[str, str], list[Fact]] = {}
    for meaning in meanings:
        for fact in meaning.facts:
            if fact.op in (Op.PATCH, Op.PUT):
                claims.setdefault((fact.type, fact.id), []).append(fact)
    out = {}
    for name, facts in claims.items():
        body: dict[str, Any] = {}
        for fact in sorted(facts, key=lambda fact: fact.rank):
            if fact.op is Op.PUT:
                body = {}
            body.update(fact.body)
            for field in fact.cleared:
                body.pop(field, None)
        out[name] = body
    return out
