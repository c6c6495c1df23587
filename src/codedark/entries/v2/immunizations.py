"""RXA of a VXU as Immunization facts (V2-to-FHIR: RXA[Immunization], ORC[Immunization], RXR[Immunization])."""

from __future__ import annotations

from codedark.entries import tables
from codedark.entries.datatypes import Json, concept, joined, number, part, person, quantity
from codedark.entries.v2.medicines import route_of
from codedark.entries.v2.orders import OrderGroup, numbers, order_identifiers
from codedark.entries.v2.reading import Reading, first_rep, is_valued, text_of
from codedark.hl7 import Segment


def read_immunizations(reading: Reading, group: OrderGroup) -> None:
    """Every RXA of a group as one Immunization."""
    for rxa in group.every("RXA"):
        _immunization(reading, group, rxa)


def _immunization(reading: Reading, group: OrderGroup, rxa: Segment) -> None:
    rep = first_rep(rxa, 5)
    code = concept(rep, reading.codes("vaccine"))
    if not code:
        reading.problem(rxa.path, "an immunization that names no vaccine", kind="Immunization")
        return
    body: Json = reading.subject({"vaccineCode": code}, "patient")
    body["status"] = tables.COMPLETION.get(text_of(rxa, 20), "completed")
    if text_of(rxa, 21) == "D":
        body["status"] = "entered-in-error"
    when = reading.put(body, "occurrenceDateTime", rxa, 3)
    if when is None:
        body["occurrenceString"] = "unknown"
    amount = number(text_of(rxa, 6))
    if amount is not None and amount < 999:  # 999 means "not recorded" (HL7 v2.5.1, 4.14.7.6)
        body["doseQuantity"] = quantity(amount, first_rep(rxa, 7))
    if is_valued(rxa, 10) and (who := person(first_rep(rxa, 10))):
        body["performer"] = [{"actor": who}]
    if is_valued(rxa, 15):
        body["lotNumber"] = text_of(rxa, 15)
    expires = reading.moment(rxa, 16)
    if expires is not None:
        body["expirationDate"] = expires.iso[:10]
    if is_valued(rxa, 17) and (maker := concept(first_rep(rxa, 17)).get("text")):
        body["manufacturer"] = {"display": maker}
    if is_valued(rxa, 18) and (reason := concept(first_rep(rxa, 18))):
        body["statusReason"] = reason
    rxr = group.first("RXR")
    if rxr is not None and (route := route_of(reading, first_rep(rxr, 1))):
        body["route"] = route
    if identifiers := order_identifiers(reading, group):
        body["identifier"] = identifiers
    (_, _placer), (filler_by, filler) = numbers(reading, group)
    vaccine = part(rep, 1) or joined(rep, 2)
    if filler:
        identity = reading.id_of("Immunization", f"filler {filler_by}", f"{filler} {vaccine}")
    elif reading.patient and when is not None:
        identity = reading.id_of("Immunization", reading.patient, f"{vaccine} {when.at_us}")
    else:
        identity = reading.id_of_place("Immunization", rxa.path)
    reading.claim(rxa.path, "Immunization", identity, body)
