"""Facts made ready to be folded: encoded, and where that helps drawn, before the first of them touches a resource."""

from __future__ import annotations

from typing import Any

import msgspec

from codedark.entries import Fact, Interpretation, Op
from codedark.views.claims import canonical
from codedark.views.codings import UNREADABLE
from codedark.views.readings import bed_of, card_of
from codedark.views.resources import LINK

_pack = msgspec.msgpack.Encoder()
_DRAWN_LATE = frozenset({"Patient", "Encounter", "Appointment", "Location", LINK})
"""Whose card says more than the chart: it is drawn where its index rows are written."""


class Staged(msgspec.Struct, array_like=True, gc=False):
    """A fact ready to be taken: nothing after this can fail for what its body holds.

    `bed`: the place that an Encounter names; `absorbed`, `survivor`: the patients of a link; `card`: (section, card) as
    drawn ahead, section 0 = shows nowhere, -1 = could not be read, None = not drawn yet; `json`: the body, while it
    is at hand.
    """

    path: str
    type: str
    id: str
    op: Op
    patient: str | None
    rank: bytes
    claimed_us: int | None
    cleared: tuple[str, ...]
    body: bytes
    line: bool = False
    bed: tuple[str, str, str] | None = None
    absorbed: str = ""
    survivor: str = ""
    card: tuple[int, bytes] | None = None
    json: dict[str, Any] | None = None


def stage(meant: Interpretation) -> list[Staged]:
    """The facts of an entry, encoded. Raises what their bodies provoke, before anything is taken."""
    return [_stage(fact) for fact in meant.facts]


def _stage(fact: Fact) -> Staged:
    # Whatever SQLite would refuse later (lone surrogates) is refused here, before anything is staged.
    fact.id.encode()
    fact.path.encode()
    type_, id_, op, body = fact.type, fact.id, fact.op, fact.body
    if op is Op.LINK or op is Op.UNLINK:
        return _link(fact)
    # A line was read once already; sorting its members waits until another claim meets it.
    line = fact.line
    return Staged(
        fact.path,
        type_,
        id_,
        op,
        fact.patient,
        fact.rank,
        fact.claimed_at_us,
        fact.cleared,
        canonical(body) if line is None else line,
        line is not None,
        _bed(body) if type_ == "Encounter" else None,
        json=body,
    )


def _link(fact: Fact) -> Staged:
    into = str(fact.body["into"])
    body = {"absorbed": fact.id, "survivor": into, "linked": fact.op is Op.LINK}
    told = (fact.rank, fact.claimed_at_us, fact.cleared, canonical(body))
    return Staged(
        fact.path, LINK, f"{fact.id}>{into}", Op.PUT, fact.patient, *told, absorbed=fact.id, survivor=into, json=body
    )


def _bed(body: dict[str, Any]) -> tuple[str, str, str] | None:
    try:
        return bed_of(body)
    except UNREADABLE:
        return None


def draw(each: Staged, position: int, recorded_us: int, source: str) -> None:
    """Draw the card of a fact as if it were all that is claimed of its resource, and let go of the body."""
    body, each.json = each.json, None
    if each.type in _DRAWN_LATE or each.op is not Op.PUT or body is None:
        # What a message says of an order or visit mostly meets what was said before: drawing it would be in vain.
        return
    try:
        drawn = card_of(each.type, each.id, body, each.claimed_us)
    except UNREADABLE:
        each.card = (-1, b"")
        return
    if drawn is None:
        each.card = (0, b"")
        return
    card = drawn[1]
    card.position, card.recorded_us, card.source = position, recorded_us, source
    each.card = (int(drawn[0]), _pack.encode(card))
