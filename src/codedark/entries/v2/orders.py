"""What every order shares: its numbers, its status, who asked for it, what it came of (V2-to-FHIR: ORC).

An order's identity is its placer number; without one its filler number; without both its place. Placer numbers
without an assigning authority belong to the site's; filler numbers to the sender (MSH-3/MSH-4), because two departments
may count alike. Its own time is ORC-9, so a replay of an old order does not outrank the change that followed it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from codedark.entries import tables
from codedark.entries.datatypes import Json, concept, identifier_ei, part, person
from codedark.entries.moments import put_time
from codedark.entries.v2.reading import Reading, first_rep, is_valued, order_number, reps, text_of
from codedark.hl7 import Segment

_MAIN = frozenset({"RXO", "RXE", "RXD", "RXG", "RXA"})


@dataclass(slots=True)
class OrderGroup:
    """One order of a message: its ORC, its OBR, and all segments of the group in their order. `heading`: the segments
    of the group whose specimen this one shares; `replaces`: the order it takes the place of; `replaced`: it is one;
    `numbers`, `control`: what the functions of these names found."""

    segments: list[Segment] = field(default_factory=list)
    orc: Segment | None = None
    obr: Segment | None = None
    heading: list[Segment] = field(default_factory=list)
    replaces: OrderGroup | None = None
    replaced: bool = False
    numbers: tuple[tuple[str, str], tuple[str, str]] | None = None
    control: str | None = None

    def add(self, segment: Segment) -> None:
        """Take one more segment into the group."""
        self.segments.append(segment)
        if segment.name == "ORC" and self.orc is None:
            self.orc = segment
        elif segment.name == "OBR" and self.obr is None:
            self.obr = segment

    def first(self, name: str) -> Segment | None:
        """The first segment of that name in the group."""
        return next((segment for segment in self.segments if segment.name == name), None)

    def every(self, name: str) -> list[Segment]:
        """All segments of that name in the group."""
        return [segment for segment in self.segments if segment.name == name]

    def of(self, main: Segment, name: str) -> list[Segment]:
        """The segments of that name that are about `main`: those below it, before the next medicine or dose; else those
        above it. An RDE repeats timing, route and parts for what was asked (RXO) and for what will be given (RXE)."""
        above: list[Segment] = []
        below: list[Segment] = []
        at = above
        for segment in self.segments:
            if segment is main:
                at = below
            elif at is below and segment.name in _MAIN:
                break
            elif segment.name == name:
                at.append(segment)
        return below or above

    @property
    def path(self) -> str:
        """Where the group starts."""
        return (self.orc or self.obr or self.segments[0]).path


def numbers(reading: Reading, group: OrderGroup) -> tuple[tuple[str, str], tuple[str, str]]:
    """((authority, placer number), (authority, filler number)); ("", "") where there is none. ORC before OBR."""
    if group.numbers is None:
        placer = _number(reading, group, 2, reading.site.authority)
        group.numbers = (placer, _number(reading, group, 3, reading.sender))
    return group.numbers


def _number(reading: Reading, group: OrderGroup, number: int, missing: str) -> tuple[str, str]:
    for segment in (group.orc, group.obr):
        if segment is not None:
            authority, value = order_number(reading, segment, number)
            if value:
                return authority or missing, value
    return "", ""


def order_id(reading: Reading, group: OrderGroup, kind: str) -> str:
    """The id of the order as a `kind` resource."""
    (placer_by, placer), (filler_by, filler) = numbers(reading, group)
    if placer:
        return reading.id_of(kind, f"placer {placer_by}", placer)
    if filler:
        return reading.id_of(kind, f"filler {filler_by}", filler)
    return reading.id_of_place(kind, group.path)


def own_order_id(reading: Reading, group: OrderGroup, kind: str, what: Json) -> str:
    """The id of the order to claim. Two different things under one number in one message are two orders: the second
    gets an id of its own, and a person is told, for a later stop of that number can mean either."""
    identity = order_id(reading, group, kind)
    name = what.get("text", "")
    if reading.orders.setdefault(identity, name) == name:
        return identity
    reading.problem(group.path, "one order number for two different orders", kind=kind, hint=_TWO_ORDERS)
    return reading.id_of(kind, identity, name)


_TWO_ORDERS = "Both are shown; a later message about that number changes the first."


def order_identifiers(reading: Reading, group: OrderGroup) -> list[Json]:
    """Placer and filler number as Identifiers of type PLAC and FILL."""
    out = []
    for number, kind in ((2, "PLAC"), (3, "FILL")):
        for segment in (group.orc, group.obr):
            identifier = identifier_ei(first_rep(segment, number), kind) if segment is not None else {}
            if identifier:
                out.append(identifier)
                break
    return out


_CONTROL = {"SN": "active", "CH": "active", "RU": "active"}
"""Codes of table 0119 the map leaves blank: an order sent without a number yet, the child of an order."""
_STATUS = {"A": "active"}
"""Table 0038: some, not all, results are there."""
REPLACED = frozenset({"RP", "RQ", "RU"})
"""Table 0119: the order that an RO below it replaces (HL7 v2.5.1, 4.5.1.1). Without an RO it goes on."""


def order_control(group: OrderGroup) -> str:
    """ORC-1, "" when there is no ORC."""
    if group.control is None:
        group.control = text_of(group.orc, 1).upper() if group.orc is not None else ""
    return group.control


def order_status(group: OrderGroup) -> str:
    """The R4 request status of ORC-1 and ORC-5, or "" when they say nothing of it.

    A stop, cancel or hold in ORC-1 counts whatever ORC-5 says; else ORC-5 counts, then ORC-1. An order that another
    one of the message replaces is over.
    """
    if group.orc is None:
        return ""
    if group.replaced:
        return "revoked"
    control = order_control(group)
    said = _CONTROL.get(control) or tables.ORDER_CONTROL_HERE.get(control) or tables.ORDER_CONTROL.get(control, "")
    if said in ("revoked", "on-hold"):
        return said
    code = text_of(group.orc, 5).upper()
    return tables.ORDER_STATUS.get(code, "") or _STATUS.get(code, "") or said


def join_replacements(groups: list[OrderGroup]) -> None:
    """Tie each replacement (RO) to the order above it that it replaces, when that has another number."""
    if len(groups) < 2:
        return
    before: OrderGroup | None = None
    for group in groups:
        control = order_control(group)
        if control in REPLACED:
            before = group
        elif control == "RO" and before is not None:
            if _numbered(before) != _numbered(group):
                group.replaces, before.replaced = before, True
        else:
            before = None


def _numbered(group: OrderGroup) -> tuple[str, str]:
    return ("", "") if group.orc is None else (group.orc.field(2), group.orc.field(3))


def status_reason(group: OrderGroup) -> Json:
    """Why the order was stopped, held or changed (ORC-16), {} when it was not said."""
    return concept(first_rep(group.orc, 16)) if group.orc is not None and is_valued(group.orc, 16) else {}


def takes_effect(reading: Reading, group: OrderGroup) -> list[Json]:
    """When a stop, hold or change counts from (ORC-15), where that is not the time it was asked for (ORC-9)."""
    orc = group.orc
    if orc is None or not is_valued(orc, 15) or orc.field(15) == orc.field(9) or order_control(group) == "NW":
        return []
    said: Json = {"url": TAKES_EFFECT}
    put_time(said, "valueDateTime", reading.moment(orc, 15))
    return [said] if "valueDateTime" in said else []


TAKES_EFFECT = "urn:codedark:takes-effect"


def order_security(body: Json, group: OrderGroup) -> None:
    """ORC-28, the confidentiality of an order and of what came of it (table 0177), as `meta.security`."""
    if group.orc is None or not is_valued(group.orc, 28):
        return
    if codings := [each for rep in reps(group.orc, 28) for each in concept(rep).get("coding", ())]:
        body["meta"] = {"security": codings}


def parent_orders(reading: Reading, group: OrderGroup, kind: str) -> list[Json]:
    """References to the orders this one came of: ORC-8, else OBR-29 (parent: placer ^ filler number)."""
    for segment, at in ((group.orc, 8), (group.obr, 29)):
        if segment is None or not is_valued(segment, at):
            continue
        rep = first_rep(segment, at)
        placer, filler = (tuple((text,) for text in rep[n]) if n < len(rep) else () for n in (0, 1))
        if part(placer, 1):
            by = reading.site_authority(part(placer, 2) or part(placer, 3)) or reading.site.authority
            target, named = reading.id_of(kind, f"placer {by}", part(placer, 1)), identifier_ei(placer, "PLAC")
        elif part(filler, 1):
            by = reading.site_authority(part(filler, 2) or part(filler, 3)) or reading.sender
            target, named = reading.id_of(kind, f"filler {by}", part(filler, 1)), identifier_ei(filler, "FILL")
        else:
            continue
        return [{"reference": f"{kind}/{target}", "type": kind, "identifier": named}]
    return []


def order_time(reading: Reading, group: OrderGroup) -> int | None:
    """ORC-9, the transaction's own time, µs UTC; None when the order has none."""
    when = reading.moment(group.orc, 9) if group.orc is not None else None
    return when.at_us if when is not None else None


def order_author(body: Json, group: OrderGroup) -> None:
    """Set `requester` to the ordering provider (ORC-12, else OBR-16)."""
    for segment, number in ((group.orc, 12), (group.obr, 16)):
        if segment is not None and is_valued(segment, number) and (who := person(first_rep(segment, number))):
            body["requester"] = who
            return


def order_notes(reading: Reading, group: OrderGroup) -> list[Json]:
    """The NTE of the order itself (before any OBX) as Annotations."""
    out = []
    for segment in group.segments:
        if segment.name in ("OBX", "RXA"):
            break
        if segment.name == "NTE" and (note := annotation(reading, segment)):
            out.append(note)
    return out


def annotation(reading: Reading, nte: Segment) -> Json:
    """An NTE as Annotation, with who wrote it (NTE-5) and when (NTE-6) where that is said; {} without words."""
    text = note_text(nte)
    if not text:
        return {}
    note: Json = {"text": text}
    if len(nte.fields) > 5:
        if who := person(first_rep(nte, 5)):
            note["authorString"] = who["display"]
        reading.put(note, "time", nte, 6)
    return note


def note_text(nte: Segment) -> str:
    """The comment of an NTE, one line a repetition."""
    if not is_valued(nte, 3):
        return ""
    return nte.whole(3).replace(nte.delimiters.repetition or "\n", "\n").strip()


def priority(group: OrderGroup) -> str:
    """The R4 request priority: TQ1-9, else the sixth part of ORC-7, else OBR-5, else that of OBR-27."""
    candidates = [part(rep, 1) for timing in group.every("TQ1") for rep in reps(timing, 9)]
    if group.orc is not None:
        candidates.append(part(first_rep(group.orc, 7), 6))
    if group.obr is not None:
        candidates += [text_of(group.obr, 5), part(first_rep(group.obr, 27), 6)]
    return next((said for code in candidates if code and (said := _priority(code))), "")


def _priority(code: str) -> str:
    """R4 priority of a code of table 0485, of table 0027, or of the whole word that many send."""
    code = code.upper()
    if code in tables.PRIORITY:
        return tables.PRIORITY[code]
    # Timing critical, and within how many seconds, minutes, hours, days, weeks or months.
    return "urgent" if _CRITICAL.match(code) else _PRIORITY_WORDS.get(code, "")


_CRITICAL = re.compile(r"T([SMHDWL]\d+)?\Z")
_PRIORITY_WORDS = {"STAT": "stat", "ASAP": "asap", "ROUTINE": "routine", "URGENT": "urgent", "U": "urgent"}
