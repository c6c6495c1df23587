"""ORC and OBR as ServiceRequest facts: orders that are no medicine, and what a result says of its order.

Source: V2-to-FHIR 1.0.0, ORC/OBR/TQ1/NTE[ServiceRequest].
"""

from __future__ import annotations

from codedark.entries.datatypes import V2, Json, concept, contact_point, identifier_cx, identifier_ei, part, translated
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
from codedark.entries.v2.reading import Reading, concepts, first_rep, is_valued, reps, text_of
from codedark.entries.v2.specimens import amount_of, read_specimens
from codedark.entries.v2.timings import occurrence
from codedark.hl7 import Segment

_CALL_BACK = "http://hl7.org/fhir/StructureDefinition/servicerequest-order-callback-phone-number"
_STATUS_REASON = "http://hl7.org/fhir/StructureDefinition/request-statusReason"
_ORDER_TYPE = {
    "I": ("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "HOSP", "Hospital"),
    "O": ("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "OF", "Outpatient facility"),
}
"""ORC-29 (V2-to-FHIR concept map OrderType)."""
_INTENT = {"G": "reflex-order"}
"""OBR-11 (table 0065). "A" (added to a specimen already there) is an order like another."""


def read_service(reading: Reading, group: OrderGroup) -> None:
    """An order that is no medicine: ORC with its OBR."""
    reading.topics.add("orders")
    body: Json = reading.subject({"intent": "order"})
    notes = order_notes(reading, group)
    if group.obr is not None:
        _service(reading, body, group.obr)
        notes = _clinical_words(group.obr) + notes
    _order(reading, body, group)
    if notes := _timing(reading, body, group) + notes:
        body["note"] = notes
    if (specimen := read_specimens(reading, group).first) != "":
        body["specimen"] = [{"reference": f"Specimen/{specimen}"}]
    if "code" not in body and group.obr is not None:
        reading.problem(group.obr.path, "an order that names no service", kind="ServiceRequest")
    at = order_time(reading, group)
    identity = own_order_id(reading, group, "ServiceRequest", body.get("code", {}))
    reading.claim(group.path, "ServiceRequest", identity, body, ranked=reading.rank(at_us=at), at_us=at)


def _service(reading: Reading, body: Json, obr: Segment) -> None:
    if is_valued(obr, 4) and (code := concept(first_rep(obr, 4), reading.codes("service"))):
        body["code"] = code
    if intent := _INTENT.get(text_of(obr, 11)):
        body["intent"] = intent
    reading.put(body, "occurrenceDateTime", obr, 6)
    if not any(obr.fields[31:48]):
        return
    if reasons := concepts(obr, 31):
        body["reasonCode"] = reasons
    details = [concept(rep) for field in (44, 45, 46, 47) for rep in reps(obr, field)]
    if details := [detail for detail in details if detail]:
        body["orderDetail"] = details


def _clinical_words(obr: Segment) -> list[Json]:
    """What the person at the bedside must know: danger (OBR-12), clinical information (OBR-13), how it is fetched."""
    out: list[Json] = []
    if not any(obr.fields[12:14]) and not obr.field(39):
        return out
    for words, field in (("danger", 12), ("clinical information", 13), ("collector's comment", 39)):
        said = [concept(rep).get("text", "") for rep in reps(obr, field)]
        out += [{"text": f"{words}: {text}"} for text in said if text]
    return out


def _order(reading: Reading, body: Json, group: OrderGroup) -> None:
    identifiers = order_identifiers(reading, group)
    if (group.orc is not None and any(group.orc.fields[33:39])) or (group.obr is not None and group.obr.field(53)):
        identifiers += _other_numbers(group)
    if identifiers:
        body["identifier"] = identifiers
    if status := order_status(group):
        body["status"] = status
    if urgency := priority(group):
        body["priority"] = urgency
    order_author(body, group)
    if group.replaces is not None:
        body["replaces"] = [{"reference": f"ServiceRequest/{order_id(reading, group.replaces, 'ServiceRequest')}"}]
    _more(reading, body, group)
    orc = group.orc
    if orc is None:
        return
    if is_valued(orc, 4) and (requisition := part(first_rep(orc, 4), 1)):
        kind = {"coding": [{"system": V2 + "0203", "code": "PGN"}]}
        body["requisition"] = {"type": kind, "value": requisition}
    if order_control(group) in ("NW", "RO"):
        put_time(body, "authoredOn", reading.moment(orc, 9))


def _more(reading: Reading, body: Json, group: OrderGroup) -> None:
    """Parent, reasons, who to call, where, how confidential: fields that most orders leave empty."""
    obr = group.obr.fields if group.obr is not None else []
    orc = group.orc.fields if group.orc is not None else []
    if (any(obr[29:30]) or any(orc[8:9])) and (parents := parent_orders(reading, group, "ServiceRequest")):
        body["basedOn"] = parents
    if any(orc[14:17]) or any(obr[17:18]):
        extensions = takes_effect(reading, group)
        if reason := status_reason(group):
            extensions.append({"url": _STATUS_REASON, "valueCodeableConcept": reason})
        if extensions := extensions + _call_back(group):
            body["extension"] = extensions
    if any(orc[28:30]) and group.orc is not None:
        order_security(body, group)
        if where := translated(first_rep(group.orc, 29), "HL70482", _ORDER_TYPE):
            body["locationCode"] = [where]


def _other_numbers(group: OrderGroup) -> list[Json]:
    """Alternate placer number (OBR-53, else ORC-33) and the filler's number of the whole group (ORC-38)."""
    found: list[Json] = []
    for segment, field in ((group.obr, 53), (group.orc, 33)):
        if segment is not None and is_valued(segment, field):
            found.append(identifier_cx(first_rep(segment, field), "PLAC"))
            break
    if group.orc is not None and is_valued(group.orc, 38):
        found.append(identifier_ei(first_rep(group.orc, 38), "FGN"))
    return [each for each in found if each]


def _call_back(group: OrderGroup) -> list[Json]:
    """The number to call about the order: OBR-17, else ORC-14."""
    for segment, field in ((group.obr, 17), (group.orc, 14)):
        if segment is not None and is_valued(segment, field) and (number := contact_point(first_rep(segment, field))):
            return [{"url": _CALL_BACK, "valueContactPoint": number}]
    return []


def _timing(reading: Reading, body: Json, group: OrderGroup) -> list[Json]:
    """Set when it is to happen: OBR-6, else TQ1 or the old TQ; returns what they say in words."""
    if group.first("TQ1") is None and not (
        (group.orc is not None and group.orc.field(7)) or (group.obr is not None and group.obr.field(27))
    ):
        return []
    timing = occurrence(reading, group)
    if "occurrenceTiming" in timing.body:
        body.pop("occurrenceDateTime", None)
        body.pop("_occurrenceDateTime", None)
    if "occurrenceDateTime" not in body:
        body.update(timing.body)
    if timing.as_needed:
        body["asNeededBoolean"] = True
    if quantity := amount_of(timing.quantity):
        body["quantityQuantity"] = quantity
    return [{"text": text} for text in timing.words]


def read_reported_order(reading: Reading, group: OrderGroup) -> None:
    """What a result says of its order: done when the report is final. Only with a placer number; one that nobody placed
    here is no order of the chart, so it is made only for who asks for everything (`reading.whole`)."""
    obr = group.obr
    if obr is None or not (numbers(reading, group)[0][1] or reading.whole):
        return
    identity = order_id(reading, group, "ServiceRequest")
    if identity in reading.orders and not reading.whole:
        return  # one order, several panels: the first one names it
    if identity in reading.orders:
        identity = reading.id_of_place("ServiceRequest", obr.path)
    reading.orders[identity] = ""
    body: Json = reading.subject({"intent": "order"})
    _service(reading, body, obr)
    if reading.whole:
        _order(reading, body, group)
        if notes := _timing(reading, body, group):
            body["note"] = notes
    elif identifiers := order_identifiers(reading, group):
        body["identifier"] = identifiers
    order_author(body, group)
    status = {"F": "completed", "C": "completed", "X": "revoked"}.get(text_of(obr, 25), "active")
    body["status"] = status
    # A preliminary result says only second-hand that its order lives: it must not bring a cancelled one back.
    ranked = reading.rank(hearsay=status == "active")
    reading.claim(f"{obr.path}.2", "ServiceRequest", identity, body, ranked=ranked)
