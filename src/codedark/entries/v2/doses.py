"""RXA of a RAS as MedicationAdministration, RXD as MedicationDispense facts: what was given, and what was handed out.

Source: V2-to-FHIR ORC[MedicationAdministration]; RXA and RXD have no published map here and follow RXA[Immunization]
and RXO. A dose is linked to its order by the order number.
"""

from __future__ import annotations

from codedark.entries import tables
from codedark.entries.datatypes import Json, concept, identifier_ei, joined, number, part, person, quantity
from codedark.entries.moments import Moment, put_time
from codedark.entries.v2.medicines import read_medication_order
from codedark.entries.v2.orders import OrderGroup, note_text, numbers, order_control, order_id
from codedark.entries.v2.products import medicine, put_product, way_of
from codedark.entries.v2.reading import Reading, concepts, first_rep, is_valued, reps, text_of
from codedark.entries.v2.specimens import amount_of
from codedark.hl7 import Segment


def read_administrations(reading: Reading, group: OrderGroup) -> None:
    """RAS: every RXA of the order as one MedicationAdministration, whose `request` is the order."""
    reading.topics.add("mar")
    has_number = any(value for _, value in numbers(reading, group))
    order = order_id(reading, group, "MedicationRequest") if has_number else ""
    ordered = group.first("RXE") or group.first("RXO")
    if ordered is not None and has_number:
        read_medication_order(reading, group, ordered, hearsay=True)
    for segments in _doses(group):
        _administration(reading, group, segments, order)


def _doses(group: OrderGroup) -> list[list[Segment]]:
    """Each RXA with what follows it up to the next; without what was measured at it (OBX), whose remarks are not the
    dose's."""
    doses: list[list[Segment]] = []
    measured = False
    for segment in group.segments:
        if segment.name == "RXA":
            doses.append([segment])
            measured = False
        elif segment.name == "OBX":
            measured = True
        elif doses and not measured:
            doses[-1].append(segment)
    return doses


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
    _outcome(reading, body, rxa)
    if any(rxa.fields[15:18]):
        put_product(reading, body, rxa, _ALONE)
    if rxa.field(19) and (reasons := concepts(rxa, 19)):
        body["reasonCode"] = reasons
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


_ALONE = OrderGroup()
"""The parts of a mixture (RXC) are the order's; the batch is the dose's."""
_WORDS = {
    "GIVEN": "completed", "HELD": "on-hold", "HOLD": "on-hold", "REFUSED": "not-done", "NOT GIVEN": "not-done",
    "MISSED": "not-done", "OMITTED": "not-done",
}  # fmt: skip
"""Whole words some senders write in RXA-20 in place of table 0322."""
_SAID = {"RE": "refused", "NA": "not administered"}


def _outcome(reading: Reading, body: Json, rxa: Segment) -> None:
    """Status and reason: RXA-20 (table 0322, else the site's code `completion`), RXA-21 D takes the record back, RXA-18
    says why not."""
    code = text_of(rxa, 20).upper()
    site = (reading.codes("completion") or {}).get(text_of(rxa, 20))
    status = site[1] if site else tables.COMPLETION.get(code) or _WORDS.get(code, "unknown" if code else "completed")
    reasons = [concept(rep) for rep in reps(rxa, 18)] if is_valued(rxa, 18) else []
    reasons = [reason for reason in reasons if reason]
    if reasons and not code:
        status = "not-done"
    if not reasons and status != "completed":
        words = (site[2] if site else "") or _SAID.get(code) or text_of(rxa, 20)
        reasons = [{"text": words}]
    if reasons:
        body["statusReason"] = reasons
    if code == "PA":
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
    rxr = next(iter(group.of(rxa, "RXR")), None)
    return out | way_of(reading, rxr) if rxr is not None else out


_DISPENSED = {
    "CA": "cancelled",
    "OC": "cancelled",
    "CR": "cancelled",
    "DC": "stopped",
    "OD": "stopped",
    "HD": "on-hold",
}
_REPLACED = {"G": True, "T": True, "N": False, "0": False, "1": False, "2": False}
"""Table 0167: whether another product was handed out than the one ordered."""


def read_dispense(reading: Reading, group: OrderGroup, rxd: Segment) -> None:
    """RDS: what the pharmacy handed out (no published map)."""
    reading.topics.add("orders")
    order = order_id(reading, group, "MedicationRequest")
    status = _DISPENSED.get(order_control(group), "completed")
    body: Json = reading.subject({"status": status}, encounter="context")
    body["authorizingPrescription"] = [{"reference": f"MedicationRequest/{order}"}]
    if code := medicine(reading, rxd, group):
        body["medicationCodeableConcept"] = code
    else:
        reading.problem(rxd.path, "a dispense that names no medicine", kind="MedicationDispense")
    when = reading.put(body, "whenHandedOver", rxd, 3)
    if (amount := number(text_of(rxd, 4))) is not None:
        body["quantity"] = quantity(amount, first_rep(rxd, 5))
    put_product(reading, body, rxd, _ALONE)
    if is_valued(rxd, 7) and (number_of := identifier_ei(first_rep(rxd, 7))):
        body["identifier"] = [number_of]
    _handed_over(reading, body, group, rxd)
    key = f"{text_of(rxd, 1)} {when.at_us if when else ''}"
    identity = reading.id_of("MedicationDispense", order, key)
    reading.claim(rxd.path, "MedicationDispense", identity, body)


def _handed_over(reading: Reading, body: Json, group: OrderGroup, rxd: Segment) -> None:
    """By whom (RXD-10), whether it is another product (RXD-11), how to take it, and what was noted (RXD-9, RXD-15)."""
    if is_valued(rxd, 10) and (who := person(first_rep(rxd, 10))):
        body["performer"] = [{"actor": who}]
    other = _REPLACED.get(part(first_rep(rxd, 11), 1))
    if other is not None:
        body["substitution"] = {"wasSubstituted": other}
    rxr = next(iter(group.of(rxd, "RXR")), None)
    dosage = way_of(reading, rxr) if rxr is not None else {}
    if len(rxd.fields) > 12 and (most := amount_of(first_rep(rxd, 12))):
        dosage["maxDosePerPeriod"] = {"numerator": most, "denominator": {"value": 1, "unit": "d"}}
    if dosage:
        body["dosageInstruction"] = [dosage]
    words = [joined(rep, 2) or joined(rep, 1) for field in (9, 15) for rep in reps(rxd, field)]
    if words := [text for text in words if text]:
        body["note"] = [{"text": text} for text in words]
