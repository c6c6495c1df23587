"""RXO, RXE and RXG with RXR, RXC and TQ1 as MedicationRequest facts.

Source: V2-to-FHIR RXO/RXR/TQ1[MedicationRequest]; RXE and RXG have no published map and follow RXO.
"""

from __future__ import annotations

import re

from codedark.entries import tables
from codedark.entries.datatypes import V2, Json, identifier_ei, joined, number, part, person, quantity
from codedark.entries.moments import put_time
from codedark.entries.v2.orders import (
    OrderGroup,
    numbers,
    order_author,
    order_control,
    order_id,
    order_identifiers,
    order_notes,
    order_security,
    order_status,
    order_time,
    own_order_id,
    parent_orders,
    priority,
    status_reason,
    takes_effect,
)
from codedark.entries.v2.products import medicine, other_ways, put_product, way_of
from codedark.entries.v2.reading import Reading, concepts, first_rep, is_valued, reps, text_of
from codedark.entries.v2.specimens import amount_of
from codedark.entries.v2.timings import dosages_of
from codedark.hl7 import Segment

_STOPPED = {"CA": "cancelled", "CR": "cancelled", "OC": "cancelled", "UA": "cancelled", "DF": "cancelled"}


def read_medication_order(
    reading: Reading, group: OrderGroup, segment: Segment, *, hearsay: bool = False, beside: bool = False
) -> None:
    """ORC with RXO, RXE or RXG. `hearsay`: told by a dose or a supply, which cannot bring a stopped order back;
    `beside`: what was asked (RXO) beside what will be given, a request of its own where the whole is translated."""
    reading.topics.add("orders")
    body: Json = reading.subject({"intent": "order"})
    code = medicine(reading, segment, group)
    if code:
        body["medicationCodeableConcept"] = code
    else:
        reading.problem(segment.path, "an order that names no medicine", kind="MedicationRequest")
    put_product(reading, body, segment, group)
    _order_fields(reading, body, group)
    if dosages := _dosages(reading, group, segment):
        body["dosageInstruction"] = dosages
    if segment.name in ("RXO", "RXE"):
        _supply(body, segment)
    _terms(body, segment)
    if segment.name == "RXE" and (asked := group.first("RXO")) is not None:
        said: Json = {}
        _terms(said, asked)
        body.update({name: said[name] for name in said if name not in body})  # what the pharmacy did not repeat
    if notes := order_notes(reading, group):
        body["note"] = notes
    at = order_time(reading, group)
    if beside:
        body["intent"], identity = "original-order", reading.id_of_place("MedicationRequest", segment.path)
    else:
        identity = own_order_id(reading, group, "MedicationRequest", code)
    ranked = reading.rank(at_us=at, hearsay=hearsay)
    reading.claim(segment.path if beside else group.path, "MedicationRequest", identity, body, ranked=ranked, at_us=at)


def _order_fields(reading: Reading, body: Json, group: OrderGroup) -> None:
    identifiers = order_identifiers(reading, group)
    rxe = group.first("RXE")
    if rxe is not None and is_valued(rxe, 15):
        identifiers.append(identifier_ei(first_rep(rxe, 15)))
    if identifiers:
        body["identifier"] = identifiers
    if status := medication_status(group):
        body["status"] = status
    if urgency := priority(group):
        body["priority"] = urgency
    order_author(body, group)
    if "requester" not in body and rxe is not None and is_valued(rxe, 13) and (who := person(first_rep(rxe, 13))):
        body["requester"] = who
    if group.orc is None:
        return
    if order_control(group) in ("NW", "RO"):
        put_time(body, "authoredOn", reading.moment(group.orc, 9))
    if group.replaces is not None:
        before = order_id(reading, group.replaces, "MedicationRequest")
        body["priorPrescription"] = {"reference": f"MedicationRequest/{before}"}
    said = group.orc.fields
    if len(said) > 8 and (said[8] or any(said[15:17]) or any(said[28:29])):
        _more_of_orc(reading, body, group)


def _more_of_orc(reading: Reading, body: Json, group: OrderGroup) -> None:
    """Parent (ORC-8), from when it counts (ORC-15), why (ORC-16), confidentiality (ORC-28)."""
    if parents := parent_orders(reading, group, "MedicationRequest"):
        body["basedOn"] = parents
    if extensions := takes_effect(reading, group):
        body["extension"] = extensions
    if reason := status_reason(group):
        body["statusReason"] = reason
    order_security(body, group)


_TERMS = {"RXO": (20, 9, "0161", 27), "RXE": (27, 9, "0167", 44), "RXG": (22, 10, "0167", 0)}
"""Field numbers of: indication, substitution and its table, pharmacy order type."""
_KINDS = {"M": "Medication", "S": "IV large volume solution", "O": "Other solution"}
"""Table 0480."""


def _terms(body: Json, segment: Segment) -> None:
    """What it is for, whether another product may be given in its place, and what kind of order it is."""
    reason_at, other_at, table, kind_at = _TERMS[segment.name]
    if segment.field(other_at):
        code = part(first_rep(segment, other_at), 1)
        said = _SUBSTITUTION.get(code)
        coding = {"system": V2 + table, "code": code} | ({"display": said} if said else {})
        body["substitution"] = {"allowedCodeableConcept": {"coding": [coding], "text": said or code}}
    if segment.field(reason_at) and (reasons := concepts(segment, reason_at)):
        body["reasonCode"] = reasons
    if kind_at and (kind := segment.field(kind_at)) in _KINDS:
        body["category"] = [{"coding": [{"system": V2 + "0480", "code": kind}], "text": _KINDS[kind]}]


_SUBSTITUTION = {
    "N": "no substitution",
    "0": "no substitution said",
    "1": "no substitution: not allowed by prescriber",
    "2": "patient requested the product",
    "G": "generic substitution allowed",
    "T": "therapeutic substitution allowed",
}
"""Tables 0161 and 0167, as far as they say what may be given."""


def medication_status(group: OrderGroup) -> str:
    """The R4 MedicationRequest status of an order, where "revoked" is cancelled (never begun) or stopped."""
    status = order_status(group)
    if status != "revoked" or group.orc is None:
        return status
    return _STOPPED.get(text_of(group.orc, 1)) or _STOPPED.get(text_of(group.orc, 5), "stopped")


_PHARMACY = frozenset({"OMP", "RDE", "RAS", "RDS", "RGV", "RRE", "RRO"})
_UNTOLD = frozenset({"ORM", "ORR", "OSR"})


def read_bare_order(reading: Reading, group: OrderGroup) -> None:
    """An ORC alone: a stop, hold or release that does not repeat what was ordered. An ORM may mean a medicine as well
    as a test, so both orders of that number hear it; a stop must not miss the medicine."""
    reading.topics.add("orders")
    if not any(value for _, value in numbers(reading, group)):
        reading.problem(group.path, "an order that has no number and names nothing", kind="ServiceRequest")
        return
    at = order_time(reading, group)
    stated = {"MedicationRequest": medication_status(group), "ServiceRequest": order_status(group)}
    if reading.family in _PHARMACY:
        del stated["ServiceRequest"]
    elif reading.family not in _UNTOLD:
        del stated["MedicationRequest"]
    for kind, status in stated.items():
        body: Json = reading.subject({"intent": "order"}, encounter="")
        body["identifier"] = order_identifiers(reading, group)
        if status:
            body["status"] = status
        if len(stated) > 1:
            # Of the two one was never ordered; until something else names it, it is not shown.
            body["extension"] = [{"url": "urn:codedark:order-kind-not-said", "valueBoolean": True}]
        path = group.path if len(stated) == 1 else f"{group.path}.{'RX' if kind == 'MedicationRequest' else 'OBR'}"
        ranked = reading.rank(at_us=at, hearsay=reading.family in ("RAS", "RDS", "RGV"))
        reading.claim(path, kind, order_id(reading, group, kind), body, ranked=ranked, at_us=at)


_DOSE_FIELDS: dict[str, tuple[int, int, int, tuple[int, ...]]] = {
    "RXO": (2, 3, 4, (7, 6)),
    "RXE": (3, 4, 5, (7, 21)),
    "RXG": (5, 6, 7, (9, 13)),
}
"""Field numbers of: dose (minimum), maximum, units, instructions to who gives or makes it."""


def _dosages(reading: Reading, group: OrderGroup, segment: Segment) -> list[Json]:
    """One Dosage for each part of the timing: amount, rate, route and words are the order's and go with each."""
    rxrs = group.of(segment, "RXR")
    common, dose = _dosage(reading, segment, rxrs)
    ways = [{"text": text} for text in other_ways(rxrs)]
    out = []
    for timing, amount in dosages_of(reading, group, segment) or [({}, ())]:
        counted = amount_of(amount) if amount and not dose else {}
        # The old TQ counts tablets or says "1"; a number without a unit says no dose.
        own = {"doseQuantity": counted} if "unit" in counted else dose
        dosage = ({"doseAndRate": [own]} if own else {}) | common | timing
        if ways:
            dosage["additionalInstruction"] = timing.get("additionalInstruction", []) + ways
        if dosage:
            out.append(dosage)
    return out


def _dosage(reading: Reading, segment: Segment, rxrs: list[Segment]) -> tuple[Json, Json]:
    """(what a Dosage says beside its timing, its dose and rate)."""
    low_at, high_at, unit_at, words_at = _DOSE_FIELDS[segment.name]
    dose = dose_and_rate(segment, low_at, high_at, unit_at)
    _rate(dose, segment, low_at, unit_at)
    out = way_of(reading, rxrs[0]) if rxrs else {}
    daily = _DAILY.get(segment.name)
    if daily and segment.field(daily) and (most := amount_of(first_rep(segment, daily))):
        out["maxDosePerPeriod"] = {"numerator": most, "denominator": _A_DAY}
    words = [
        joined(rep, 2) or joined(rep, 1) for field in words_at if segment.field(field) for rep in reps(segment, field)
    ]
    if words and (text := "; ".join(dict.fromkeys(word for word in words if word))):
        out["text"] = text
    return out, dose


_DAILY = {"RXO": 23, "RXE": 19}
"""The field of the total daily dose (a CQ)."""
_A_DAY = {"value": 1, "unit": "d", "system": tables.UCUM, "code": "d"}


def dose_and_rate(segment: Segment, low_at: int, high_at: int, unit_at: int) -> Json:
    """Dosage.doseAndRate of amount fields. What is no number stays as text in the unit's place: nothing is guessed."""
    unit = first_rep(segment, unit_at)
    low, high = number(text_of(segment, low_at)), number(text_of(segment, high_at)) if high_at else None
    if low is None and high is None:
        return {}
    if low is None or high is None or low == high:
        amount = low if low is not None else high
        return {"doseQuantity": quantity(amount, unit)} if amount is not None else {}
    return {"doseRange": {"low": quantity(low, unit), "high": quantity(high, unit)}}


_RATE_FIELDS = {"RXO": (21, 22, 17), "RXE": (23, 24, 22), "RXG": (15, 16, 14)}
"""Field numbers of: give rate amount, give rate units, give per (time unit)."""


def _rate(dose: Json, segment: Segment, amount_at: int, unit_at: int) -> None:
    """The rate of an infusion: as such, else the dose per unit of time ("H", "H8", "M30": table 0335's letters)."""
    rate_at, rate_unit_at, per_at = _RATE_FIELDS[segment.name]
    if segment.field(rate_at) and (rate := number(text_of(segment, rate_at))) is not None:
        dose["rateQuantity"] = quantity(rate, first_rep(segment, rate_unit_at))
        return
    if not segment.field(per_at):
        return
    per = _PER.match(text_of(segment, per_at))
    amount = number(text_of(segment, amount_at))
    if per is None or amount is None:
        return
    unit = _PER_UNITS[per[1].upper()]
    span = {"value": number(per[2] or "1"), "unit": unit, "system": tables.UCUM, "code": unit}
    dose["rateRatio"] = {"numerator": quantity(amount, first_rep(segment, unit_at)), "denominator": span}


_PER = re.compile(r"([SMHDW])(\d+)?\Z", re.IGNORECASE)
_PER_UNITS = {"S": "s", "M": "min", "H": "h", "D": "d", "W": "wk"}


def _supply(body: Json, segment: Segment) -> None:
    amount_at, unit_at, refills_at = (11, 12, 13) if segment.name == "RXO" else (10, 11, 12)
    supply: Json = {}
    if (amount := number(text_of(segment, amount_at))) is not None:
        supply["quantity"] = quantity(amount, first_rep(segment, unit_at))
    refills = text_of(segment, refills_at)
    if refills.isascii() and refills.isdigit():
        supply["numberOfRepeatsAllowed"] = int(refills)
    if supply:
        body["dispenseRequest"] = supply
