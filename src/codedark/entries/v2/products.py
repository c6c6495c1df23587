"""What is given: the medicine of an RX segment, its parts, form, strength and batch, and the way it is given (RXR).

Source: V2-to-FHIR 1.0.0 RXO[MedicationRequest] (Medication.*), RXR[MedicationRequest], table 0162; HL7 v2.5.1, 4.14.
RXE, RXD, RXG and RXA of a RAS have no published map and follow RXO.
"""

from __future__ import annotations

from codedark.entries import tables
from codedark.entries.datatypes import Json, Rep, concept, joined, number, part, quantity, table_concept
from codedark.entries.moments import put_time
from codedark.entries.v2.orders import OrderGroup
from codedark.entries.v2.reading import Reading, first_rep, is_valued, reps, text_of
from codedark.hl7 import Segment

_CODE_FIELD = {"RXO": 1, "RXE": 2, "RXD": 2, "RXG": 4, "RXA": 5}
_FORM = {"RXO": 5, "RXE": 6, "RXD": 6, "RXG": 8, "RXA": 8}
_STRENGTH = {"RXO": (18, 19, 25, 26), "RXE": (25, 26, 33, 34), "RXD": (16, 17, 0, 0), "RXG": (17, 18, 0, 0)}
"""Field numbers of: strength, its units, the volume it is in, its units."""
_BATCH = {"RXA": (15, 16, 17), "RXD": (18, 19, 20), "RXG": (19, 20, 21)}
"""Field numbers of: lot, expiry, manufacturer."""


def medicine(reading: Reading, segment: Segment, group: OrderGroup) -> Json:
    """medicationCodeableConcept of an RX segment; a mixture without a name of its own is named by its parts (RXC)."""
    field = _CODE_FIELD[segment.name]
    rep = first_rep(segment, field)
    code = concept(rep, reading.codes("medication"))
    if code:
        return code
    if segment.name == "RXO" and is_valued(segment, 6):
        # An order in free text: what stands in the instruction is what was ordered.
        return {"text": "; ".join(joined(each, 2) or joined(each, 1) for each in reps(segment, 6))}
    parts = [_ingredient(rxc) for rxc in group.of(segment, "RXC")]
    named = [text for text in parts if text]
    return {"text": " + ".join(named)} if named else {}


def _ingredient(rxc: Segment) -> str:
    name = concept(first_rep(rxc, 2)).get("text", "")
    unit = first_rep(rxc, 4)
    return " ".join(text for text in (name, text_of(rxc, 3), joined(unit, 2) or part(unit, 1)) if text)


def put_product(reading: Reading, body: Json, segment: Segment, group: OrderGroup) -> None:
    """Set what R4 says of a product only in a Medication: parts, strength, batch; the form alone only for who asks for
    the whole, for it stands in every order and the name mostly says it."""
    product: Json = {}
    parts = [each for each in (_part(rxc) for rxc in group.of(segment, "RXC")) if each]
    if parts:
        product["ingredient"] = parts
    elif strength := _strength(reading, segment):
        product["ingredient"] = [strength]
    if batch := _batch(reading, segment, product):
        product["batch"] = batch
    if not product and not reading.whole:
        return
    if form := concept(first_rep(segment, _FORM[segment.name])):
        product["form"] = form
    if reading.whole and (code := body.get("medicationCodeableConcept")):
        path = f"{segment.path}.medicine"
        reading.claim(path, "Medication", reading.id_of_place("Medication", path), {"code": code} | product)
    if product:
        name = "mixture" if parts else "product"
        body["contained"] = [{"resourceType": "Medication", "id": name} | product]
        body["supportingInformation"] = [{"reference": f"#{name}"}]


def _part(rxc: Segment) -> Json:
    code = concept(first_rep(rxc, 2))
    if not code:
        return {}
    out: Json = {"itemCodeableConcept": code}
    if text_of(rxc, 1) in ("A", "B"):
        out["isActive"] = text_of(rxc, 1) == "A"  # an additive; the base carries it
    if (amount := number(text_of(rxc, 3))) is not None:
        out["strength"] = {"numerator": quantity(amount, first_rep(rxc, 4)), "denominator": {"value": 1}}
    return out


def _strength(reading: Reading, segment: Segment) -> Json:
    if segment.name not in _STRENGTH:
        return {}
    amount_at, unit_at, volume_at, volume_unit_at = _STRENGTH[segment.name]
    amount = number(text_of(segment, amount_at)) if segment.field(amount_at) else None
    if amount is None:
        return {}
    below = number(text_of(segment, volume_at)) if volume_at else None
    volume = quantity(below, first_rep(segment, volume_unit_at)) if below is not None else {"value": 1}
    above = quantity(amount, first_rep(segment, unit_at))
    code = concept(first_rep(segment, _CODE_FIELD[segment.name]), reading.codes("medication"))
    return {"itemCodeableConcept": code, "strength": {"numerator": above, "denominator": volume}} if code else {}


def _batch(reading: Reading, segment: Segment, product: Json) -> Json:
    if segment.name not in _BATCH:
        return {}
    lot_at, expiry_at, maker_at = _BATCH[segment.name]
    batch: Json = {}
    if not any(segment.fields[lot_at : maker_at + 1]):
        return batch
    if lot := text_of(segment, lot_at):
        batch["lotNumber"] = lot
    put_time(batch, "expirationDate", reading.moment(segment, expiry_at))
    if is_valued(segment, maker_at) and (maker := concept(first_rep(segment, maker_at)).get("text")):
        product["manufacturer"] = {"display": maker}
    return batch


def route_of(reading: Reading, rep: Rep) -> Json:
    """CodeableConcept of a route (RXR-1): the site's code, else table 0162 as published, else as sent."""
    code = part(rep, 1)
    site = reading.codes("route")
    if code in tables.ROUTE and not (site and code in site) and part(rep, 3) in ("", "HL70162", "0162"):
        out = table_concept(code, "0162", tables.ROUTE)
        out["text"] = joined(rep, 2) or code
        return out
    return concept(rep, site)


def way_of(reading: Reading, rxr: Segment) -> Json:
    """Route, site and method of an RXR, as fields of a Dosage."""
    out: Json = {}
    if route := route_of(reading, first_rep(rxr, 1)):
        out["route"] = route
    if len(rxr.fields) > 2 and (site := concept(first_rep(rxr, 2))):
        out["site"] = site
    if len(rxr.fields) > 4 and (method := concept(first_rep(rxr, 4))):
        out["method"] = method
    return out


def other_ways(rxrs: list[Segment]) -> list[str]:
    """What more the RXRs say in words: the device (RXR-3: a pump, PCA), the routing instruction (RXR-5), and the routes
    that may be taken instead."""
    out: list[str] = []
    if len(rxrs) < 2 and not any(any(rxr.fields[3:]) for rxr in rxrs):
        return out
    for index, rxr in enumerate(rxrs):
        if index and (route := concept(first_rep(rxr, 1)).get("text")):
            out.append(f"or {route}")
        if len(rxr.fields) > 3:
            said = ((f"by {text}" if field == 3 else text) for field in (3, 5) if (text := _words(rxr, field)))
            out += said
    return out


def _words(segment: Segment, field: int) -> str:
    return str(concept(first_rep(segment, field)).get("text", ""))
