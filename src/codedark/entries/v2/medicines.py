"""RXO, RXE, RXD, RXG, RXA, RXR, RXC, TQ1 as MedicationRequest, MedicationAdministration and MedicationDispense facts.

Source: V2-to-FHIR RXO/RXR/TQ1[MedicationRequest], ORC[MedicationAdministration]; RXE, RXD, RXG and RXA of a RAS have
no published map and follow these. A dose is linked to its order by the order number.
"""

from __future__ import annotations

import re

from codedark.entries import tables
from codedark.entries.datatypes import (
    Json,
    Rep,
    concept,
    identifier_ei,
    joined,
    number,
    part,
    person,
    quantity,
    table_concept,
)
from codedark.entries.moments import Moment, put_time
from codedark.entries.v2.orders import (
    OrderGroup,
    note_text,
    numbers,
    order_author,
    order_id,
    order_identifiers,
    order_notes,
    order_status,
    order_time,
    own_order_id,
    priority,
)
from codedark.entries.v2.reading import Reading, first_rep, is_valued, reps, text_of
from codedark.entries.v2.specimens import amount_of
from codedark.entries.v2.timings import dosages_of
from codedark.hl7 import Segment

_CODE_FIELD = {"RXO": 1, "RXE": 2, "RXD": 2, "RXG": 4, "RXA": 5}
_STOPPED = {"CA": "cancelled", "CR": "cancelled", "OC": "cancelled", "UA": "cancelled", "DF": "cancelled"}


def medicine(reading: Reading, segment: Segment, group: OrderGroup) -> Json:
    """medicationCodeableConcept of an RX segment; a mixture without a name of its own is named by its parts (RXC)."""
    field = _CODE_FIELD[segment.name]
    rep = first_rep(segment, field)
    code = concept(rep, reading.codes("medication"))
    if code:
        return code
    parts = [_ingredient(rxc) for rxc in group.every("RXC")]
    named = [text for text in parts if text]
    return {"text": " + ".join(named)} if named else {}


def _ingredient(rxc: Segment) -> str:
    name = concept(first_rep(rxc, 2)).get("text", "")
    unit = first_rep(rxc, 4)
    return " ".join(text for text in (name, text_of(rxc, 3), joined(unit, 2) or part(unit, 1)) if text)


def read_medication_order(reading: Reading, group: OrderGroup, segment: Segment, *, hearsay: bool = False) -> None:
    """ORC with RXO or RXE. `hearsay`: told by a dose or a supply, which cannot bring a stopped order back."""
    reading.topics.add("orders")
    body: Json = reading.subject({"intent": "order"})
    code = medicine(reading, segment, group)
    if code:
        body["medicationCodeableConcept"] = code
    else:
        reading.problem(segment.path, "an order that names no medicine", kind="MedicationRequest")
    if mixed := _mixture(group):
        body["contained"] = [mixed]
        body["supportingInformation"] = [{"reference": "#mixture"}]
    _order_fields(reading, body, group)
    if dosages := _dosages(reading, group, segment):
        body["dosageInstruction"] = dosages
    if segment.name in ("RXO", "RXE"):
        _supply(body, segment)
    if notes := order_notes(group):
        body["note"] = notes
    at = order_time(reading, group)
    identity = own_order_id(reading, group, "MedicationRequest", code)
    ranked = reading.rank(at_us=at, hearsay=hearsay)
    reading.claim(group.path, "MedicationRequest", identity, body, ranked=ranked, at_us=at)


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
    if group.orc is not None and text_of(group.orc, 1) == "NW":
        put_time(body, "authoredOn", reading.moment(group.orc, 9))


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


def _mixture(group: OrderGroup) -> Json:
    components = group.every("RXC")
    if not components:
        return {}
    ingredients = []
    for rxc in components:
        ingredient: Json = {"itemCodeableConcept": concept(first_rep(rxc, 2))}
        if (amount := number(text_of(rxc, 3))) is not None:
            one = {"value": 1}
            ingredient["strength"] = {"numerator": quantity(amount, first_rep(rxc, 4)), "denominator": one}
        if ingredient["itemCodeableConcept"]:
            ingredients.append(ingredient)
    return {"resourceType": "Medication", "id": "mixture", "ingredient": ingredients} if ingredients else {}


_DOSE_FIELDS = {"RXO": (2, 3, 4, 7), "RXE": (3, 4, 5, 7), "RXG": (5, 6, 7, 13), "RXD": (4, 0, 5, 9)}
"""Field numbers of: dose (minimum), maximum, units, administration instructions."""


def _dosages(reading: Reading, group: OrderGroup, segment: Segment) -> list[Json]:
    """One Dosage for each part of the timing: amount, rate, route and words are the order's and go with each."""
    common, dose = _dosage(reading, group, segment)
    out = []
    for timing, amount in dosages_of(reading, group, segment) or [({}, ())]:
        quantity_of = amount_of(amount) if "doseQuantity" not in dose and "doseRange" not in dose else {}
        # The old TQ counts tablets or says "1"; a number without a unit says no dose.
        whole = dose | {"doseQuantity": quantity_of} if "unit" in quantity_of else dose
        dosage = ({"doseAndRate": [whole]} if whole else {}) | common | timing
        if dosage:
            out.append(dosage)
    return out


def _dosage(reading: Reading, group: OrderGroup, segment: Segment) -> tuple[Json, Json]:
    """(what a Dosage says beside its timing, its dose and rate)."""
    low_at, high_at, unit_at, words_at = _DOSE_FIELDS[segment.name]
    out: Json = {}
    dose: Json = {}
    if segment.name != "RXD":
        dose = dose_and_rate(segment, low_at, high_at, unit_at)
        _rate(dose, segment, low_at, unit_at)
        if most := amount_of(first_rep(segment, _DAILY[segment.name])) if segment.name in _DAILY else {}:
            out["maxDosePerPeriod"] = {"numerator": most, "denominator": _A_DAY}
    rxr = group.first("RXR")
    if rxr is not None:
        out |= _way(reading, rxr)
    fields = (words_at, 6) if segment.name == "RXO" else (words_at, 21) if segment.name == "RXE" else (words_at,)
    words = [joined(rep, 2) or joined(rep, 1) for field in fields for rep in reps(segment, field)]
    if text := "; ".join(dict.fromkeys(word for word in words if word)):
        out["text"] = text
    return out, dose


_DAILY = {"RXO": 23, "RXE": 19}
"""The field of the total daily dose (a CQ)."""
_A_DAY = {"value": 1, "unit": "d", "system": tables.UCUM, "code": "d"}


def _way(reading: Reading, rxr: Segment) -> Json:
    """Route, site, device, method and routing instruction of an RXR."""
    out: Json = {}
    if route := route_of(reading, first_rep(rxr, 1)):
        out["route"] = route
    if is_valued(rxr, 2) and (site := concept(first_rep(rxr, 2))):
        out["site"] = site
    if is_valued(rxr, 4) and (method := concept(first_rep(rxr, 4))):
        out["method"] = method
    return out


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
    rate = number(text_of(segment, rate_at))
    if rate is not None:
        dose["rateQuantity"] = quantity(rate, first_rep(segment, rate_unit_at))
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


def route_of(reading: Reading, rep: Rep) -> Json:
    """CodeableConcept of a route (RXR-1): the site's code, else table 0162 as published, else as sent."""
    code = part(rep, 1)
    site = reading.codes("route")
    if code in tables.ROUTE and not (site and code in site) and part(rep, 3) in ("", "HL70162", "0162"):
        out = table_concept(code, "0162", tables.ROUTE)
        out["text"] = joined(rep, 2) or code
        return out
    return concept(rep, site)


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


def read_administrations(reading: Reading, group: OrderGroup) -> None:
    """RAS: every RXA of the order as one MedicationAdministration, whose `request` is the order."""
    reading.topics.add("mar")
    has_number = any(value for _, value in numbers(reading, group))
    order = order_id(reading, group, "MedicationRequest") if has_number else ""
    ordered = group.first("RXE") or group.first("RXO")
    if ordered is not None and has_number:
        read_medication_order(reading, group, ordered, hearsay=True)
    current: list[Segment] = []
    for segment in group.segments:
        if segment.name == "RXA" and current:
            _administration(reading, group, current, order)
            current = []
        if segment.name == "RXA" or current:
            current.append(segment)
    if current:
        _administration(reading, group, current, order)


def _administration(reading: Reading, group: OrderGroup, segments: list[Segment], order: str) -> None:
    rxa = segments[0]
    body: Json = reading.subject({}, encounter="context")
    if order:
        body["request"] = {"reference": f"MedicationRequest/{order}"}
    code = medicine(reading, rxa, group) or _ordered_medicine(reading, group)
    if code:
        body["medicationCodeableConcept"] = code
    else:
        reading.problem(rxa.path, "a dose that names no medicine", kind="MedicationAdministration")
    when = _given_at(reading, body, rxa)
    if when is None:
        reading.problem(f"{rxa.path}.3", "a dose without a time", kind="MedicationAdministration")
    _outcome(body, rxa)
    if dosage := _given_dose(reading, segments, group):
        body["dosage"] = dosage
    performers = [person(rep) for rep in reps(rxa, 10)] if is_valued(rxa, 10) else []
    if performers := [who for who in performers if who]:
        body["performer"] = [{"actor": who} for who in performers]
    notes = [note_text(segment) for segment in segments if segment.name == "NTE"]
    notes += [joined(rep, 2) or joined(rep, 1) for rep in reps(rxa, 9)] if is_valued(rxa, 9) else []
    if notes := [note for note in notes if note]:
        body["note"] = [{"text": note} for note in notes]
    identity = _administration_id(reading, rxa, order, code, when)
    at = when.at_us if when is not None else None
    reading.claim(rxa.path, "MedicationAdministration", identity, body, at_us=at)


def _ordered_medicine(reading: Reading, group: OrderGroup) -> Json:
    ordered = group.first("RXE") or group.first("RXO")
    return medicine(reading, ordered, group) if ordered is not None else {}


def _administration_id(reading: Reading, rxa: Segment, order: str, code: Json, when: Moment | None) -> str:
    """Order, counters (RXA-1, RXA-2) and start time name a dose; without an order patient, medicine and time do."""
    time = str(when.at_us) if when is not None else ""
    if order:
        return reading.id_of("MedicationAdministration", order, f"{text_of(rxa, 1)} {text_of(rxa, 2)} {time}")
    if reading.patient and time and code:
        key = next((c["code"] for c in code.get("coding", ()) if "code" in c), code.get("text", ""))
        return reading.id_of("MedicationAdministration", reading.patient, f"{key} {time}")
    return reading.id_of_place("MedicationAdministration", rxa.path)


def _given_at(reading: Reading, body: Json, rxa: Segment) -> Moment | None:
    start, end = reading.moment(rxa, 3), reading.moment(rxa, 4)
    if start is not None and end is not None and (end.at_us or 0) < (start.at_us or 0):
        reading.problem(f"{rxa.path}.4", "a dose that ends before it starts", kind="MedicationAdministration")
        end = None
    if start is not None and end is not None and end.at_us != start.at_us:
        period: Json = {}
        put_time(period, "start", start)
        put_time(period, "end", end)
        body["effectivePeriod"] = period
    else:
        put_time(body, "effectiveDateTime", start or end)
    return start or end


def _outcome(body: Json, rxa: Segment) -> None:
    """Status and reason: RXA-20 (table 0322), RXA-21 D takes the record back, RXA-18 says why not."""
    status = tables.COMPLETION.get(text_of(rxa, 20), "completed" if not text_of(rxa, 20) else "unknown")
    reasons = [concept(rep) for rep in reps(rxa, 18)] if is_valued(rxa, 18) else []
    reasons = [reason for reason in reasons if reason]
    if reasons and not text_of(rxa, 20):
        status = "not-done"
    if reasons:
        body["statusReason"] = reasons
    if text_of(rxa, 20) == "PA":
        body["extension"] = [{"url": "urn:codedark:partially-administered", "valueBoolean": True}]
    # Taken back and charted again under the same time: of the two the later message counts.
    body["status"] = "entered-in-error" if text_of(rxa, 21) == "D" else status


def _given_dose(reading: Reading, segments: list[Segment], group: OrderGroup) -> Json:
    rxa = segments[0]
    out: Json = {}
    amount = number(text_of(rxa, 6))
    unit = first_rep(rxa, 7)
    if amount is not None:
        out["dose"] = quantity(amount, unit)
    elif is_valued(rxa, 6):
        out["text"] = " ".join(word for word in (text_of(rxa, 6), joined(unit, 2) or part(unit, 1)) if word)
    per = text_of(rxa, 12)
    if amount is not None and per and per[0].isalpha():
        # RXA-12: the amount is given per this unit of time (an infusion), so it is a rate and no dose.
        label = joined(unit, 2) or part(unit, 1)
        out["rateQuantity"] = {"value": out.pop("dose")["value"], "unit": f"{label}/{per}"}
    rxr = next((segment for segment in segments if segment.name == "RXR"), None) or group.first("RXR")
    if rxr is not None and (route := route_of(reading, first_rep(rxr, 1))):
        out["route"] = route
    if rxr is not None and is_valued(rxr, 2) and (site := concept(first_rep(rxr, 2))):
        out["site"] = site
    return out


def read_dispense(reading: Reading, group: OrderGroup, rxd: Segment) -> None:
    """RDS: what the pharmacy handed out (no published map)."""
    reading.topics.add("orders")
    order = order_id(reading, group, "MedicationRequest")
    body: Json = reading.subject({"status": "completed"}, encounter="context")
    body["authorizingPrescription"] = [{"reference": f"MedicationRequest/{order}"}]
    if code := medicine(reading, rxd, group):
        body["medicationCodeableConcept"] = code
    else:
        reading.problem(rxd.path, "a dispense that names no medicine", kind="MedicationDispense")
    when = reading.put(body, "whenHandedOver", rxd, 3)
    if (amount := number(text_of(rxd, 4))) is not None:
        body["quantity"] = quantity(amount, first_rep(rxd, 5))
    key = f"{text_of(rxd, 1)} {when.at_us if when else ''}"
    identity = reading.id_of("MedicationDispense", order, key)
    reading.claim(rxd.path, "MedicationDispense", identity, body)
