"""ORC and OBR as ServiceRequest facts, and what every order shares (V2-to-FHIR: ORC/OBR[ServiceRequest]).

An order's identity is its placer number; without one its filler number; without both its place. Placer numbers
without an assigning authority belong to the site's; filler numbers to the sender (MSH-3/MSH-4), because two departments
may count alike. Its own time is ORC-9, so a replay of an old order does not outrank the change that followed it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from codedark.entries import tables
from codedark.entries.datatypes import V2, Json, Rep, concept, identifier_ei, part, person
from codedark.entries.moments import put_time
from codedark.entries.v2.reading import Reading, first_rep, is_valued, order_number, reps, text_of
from codedark.hl7 import Segment


@dataclass(slots=True)
class OrderGroup:
    """One order of a message: its ORC, its OBR, and all segments of the group in their order. `heading`: the segments
    of the group whose specimen this one shares."""

    segments: list[Segment] = field(default_factory=list)
    orc: Segment | None = None
    obr: Segment | None = None
    heading: list[Segment] = field(default_factory=list)

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

    @property
    def path(self) -> str:
        """Where the group starts."""
        return (self.orc or self.obr or self.segments[0]).path


def numbers(reading: Reading, group: OrderGroup) -> tuple[tuple[str, str], tuple[str, str]]:
    """((authority, placer number), (authority, filler number)); ("", "") where there is none. ORC before OBR."""
    found = []
    for number, missing in ((2, reading.site.authority), (3, reading.sender)):
        authority, value = "", ""
        for segment in (group.orc, group.obr):
            if segment is not None and not value:
                authority, value = order_number(reading, segment, number)
        found.append((authority or (missing if value else ""), value))
    return found[0], found[1]


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


def order_status(group: OrderGroup) -> str:
    """The R4 request status of ORC-1 and ORC-5, or "" when they say nothing of it.

    A stop, cancel or hold in ORC-1 counts whatever ORC-5 says; else ORC-5 counts, then ORC-1.
    """
    if group.orc is None:
        return ""
    control = text_of(group.orc, 1)
    said = tables.ORDER_CONTROL_HERE.get(control) or tables.ORDER_CONTROL.get(control, "")
    if said in ("revoked", "on-hold"):
        return said
    return tables.ORDER_STATUS.get(text_of(group.orc, 5), "") or said


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


def order_notes(group: OrderGroup) -> list[Json]:
    """The NTE of the order itself (before any OBX) as Annotations."""
    out = []
    for segment in group.segments:
        if segment.name in ("OBX", "RXA"):
            break
        if segment.name == "NTE" and (text := note_text(segment)):
            out.append({"text": text})
    return out


def note_text(nte: Segment) -> str:
    """The comment of an NTE, one line a repetition."""
    if not is_valued(nte, 3):
        return ""
    return nte.whole(3).replace(nte.delimiters.repetition or "\n", "\n").strip()


def priority(group: OrderGroup) -> str:
    """The R4 request priority: TQ1-9, else the sixth part of ORC-7, else OBR-5."""
    timing = group.first("TQ1")
    candidates = [part(first_rep(timing, 9), 1) if timing is not None else ""]
    if group.orc is not None:
        candidates.append(part(first_rep(group.orc, 7), 6))
    if group.obr is not None:
        candidates += [text_of(group.obr, 5), part(first_rep(group.obr, 27), 6)]
    return next((tables.PRIORITY[code] for code in candidates if code in tables.PRIORITY), "")


def read_service(reading: Reading, group: OrderGroup) -> None:
    """An order that is no medicine: ORC with its OBR."""
    reading.topics.add("orders")
    body: Json = reading.subject({"intent": "order"})
    if group.obr is not None:
        _service(reading, body, group.obr)
    _order(reading, body, group)
    if notes := order_notes(group):
        body["note"] = notes
    if "code" not in body and group.obr is not None:
        reading.problem(group.obr.path, "an order that names no service", kind="ServiceRequest")
    at = order_time(reading, group)
    identity = own_order_id(reading, group, "ServiceRequest", body.get("code", {}))
    reading.claim(group.path, "ServiceRequest", identity, body, ranked=reading.rank(at_us=at), at_us=at)


def _service(reading: Reading, body: Json, obr: Segment) -> None:
    if is_valued(obr, 4) and (code := concept(first_rep(obr, 4), reading.codes("service"))):
        body["code"] = code
    intent = text_of(obr, 11)
    if intent == "G":
        body["intent"] = "reflex-order"
    reading.put(body, "occurrenceDateTime", obr, 6)
    if is_valued(obr, 31):
        body["reasonCode"] = [reason for reason in (concept(rep) for rep in reps(obr, 31)) if reason]


def _order(reading: Reading, body: Json, group: OrderGroup) -> None:
    if identifiers := order_identifiers(reading, group):
        body["identifier"] = identifiers
    if status := order_status(group):
        body["status"] = status
    if urgency := priority(group):
        body["priority"] = urgency
    order_author(body, group)
    orc = group.orc
    if orc is None:
        return
    if is_valued(orc, 4) and (requisition := part(first_rep(orc, 4), 1)):
        kind = {"coding": [{"system": V2 + "0203", "code": "PGN"}]}
        body["requisition"] = {"type": kind, "value": requisition}
    if text_of(orc, 1) == "NW":
        put_time(body, "authoredOn", reading.moment(orc, 9))
    _start(reading, body, first_rep(orc, 7), group)


def _start(reading: Reading, body: Json, legacy: Rep, group: OrderGroup) -> None:
    """When it is to happen: TQ1-7, else the start of the old TQ in ORC-7."""
    if "occurrenceDateTime" in body:
        return
    timing = group.first("TQ1")
    if timing is not None and (when := reading.moment(timing, 7)) is not None:
        put_time(body, "occurrenceDateTime", when)
    elif group.orc is not None and part(legacy, 4):
        put_time(body, "occurrenceDateTime", reading.moment(group.orc, 7, 1, 4))


def read_reported_order(reading: Reading, group: OrderGroup) -> None:
    """What a result says of its order: done when the report is final. Only with a placer number."""
    obr = group.obr
    if obr is None or not numbers(reading, group)[0][1]:
        return
    identity = order_id(reading, group, "ServiceRequest")
    if identity in reading.orders:
        return  # one order, several panels: the first one names it
    reading.orders[identity] = ""
    body: Json = reading.subject({"intent": "order"})
    _service(reading, body, obr)
    if identifiers := order_identifiers(reading, group):
        body["identifier"] = identifiers
    order_author(body, group)
    status = {"F": "completed", "C": "completed", "X": "revoked"}.get(text_of(obr, 25), "active")
    body["status"] = status
    # A preliminary result says only second-hand that its order lives: it must not bring a cancelled one back.
    ranked = reading.rank(hearsay=status == "active")
    reading.claim(f"{obr.path}.2", "ServiceRequest", identity, body, ranked=ranked)
