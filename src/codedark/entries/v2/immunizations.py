"""RXA of a VXU as Immunization facts (V2-to-FHIR: RXA[Immunization], ORC[Immunization], RXR[Immunization]).

RXA-9 says whether the record is the giver's own (CDC NIP001: 00) or told by somebody else (01 …).
"""

from __future__ import annotations

from codedark.entries import tables
from codedark.entries.datatypes import V2, Json, bed, concept, joined, number, part, person, quantity
from codedark.entries.moments import Moment, put_time
from codedark.entries.v2.orders import OrderGroup, numbers, order_identifiers, order_security
from codedark.entries.v2.products import way_of
from codedark.entries.v2.reading import Reading, concepts, first_rep, is_valued, reps, text_of
from codedark.hl7 import Segment

_FUNCTION = V2 + "0443"
_NO_VACCINE = "998"
"""CVX 998: no vaccine administered; the message then carries a forecast or a history of disease (OBX)."""


def read_immunizations(reading: Reading, group: OrderGroup) -> None:
    """Every RXA of a group as one Immunization."""
    for rxa in group.every("RXA"):
        if part(first_rep(rxa, 5), 1) != _NO_VACCINE:
            _immunization(reading, group, rxa)


def _immunization(reading: Reading, group: OrderGroup, rxa: Segment) -> None:
    rep = first_rep(rxa, 5)
    code = concept(rep, reading.codes("vaccine"))
    if not code:
        reading.problem(rxa.path, "an immunization that names no vaccine", kind="Immunization")
        return
    body: Json = reading.subject({"vaccineCode": code}, "patient")
    when = reading.put(body, "occurrenceDateTime", rxa, 3)
    if when is None:
        body["occurrenceString"] = "unknown"
    _outcome(reading, body, rxa)
    amount = number(text_of(rxa, 6))
    if amount is not None and amount < 999:  # 999 means "not recorded" (HL7 v2.5.1, 4.14.7.6)
        body["doseQuantity"] = quantity(amount, first_rep(rxa, 7))
    _source(body, rxa)
    _people(body, group, rxa)
    _product(reading, body, rxa)
    _place(reading, body, group, rxa)
    _order(reading, body, group, rxa)
    reading.claim(rxa.path, "Immunization", _identity(reading, group, rxa, when), body)


def _identity(reading: Reading, group: OrderGroup, rxa: Segment, when: Moment | None) -> str:
    """The filler number with the vaccine; else patient, vaccine and time."""
    rep = first_rep(rxa, 5)
    vaccine = part(rep, 1) or joined(rep, 2)
    _, (filler_by, filler) = numbers(reading, group)
    if filler:
        return reading.id_of("Immunization", f"filler {filler_by}", f"{filler} {vaccine}")
    if reading.patient and when is not None:
        return reading.id_of("Immunization", reading.patient, f"{vaccine} {when.at_us}")
    return reading.id_of_place("Immunization", rxa.path)


def _outcome(reading: Reading, body: Json, rxa: Segment) -> None:
    """Given, refused or not given, and why (RXA-18, RXA-20, table 0322); RXA-21 D takes it back.

    R4 has no unknown outcome: where the code is none of the table, the vaccine is not said to be given, and a person is
    told."""
    said = text_of(rxa, 20).upper()
    reasons = concepts(rxa, 18)
    # A refusal that does not say so in RXA-20 is none the less no vaccine given.
    status = "not-done" if reasons or said else "completed"
    if said in tables.COMPLETION:
        status = tables.COMPLETION[said]
    elif said:
        reading.problem(f"{rxa.path}.20", "an outcome that is not of table 0322", kind="Immunization")
    body["status"] = "entered-in-error" if text_of(rxa, 21) == "D" else status
    if reasons:
        coded = [coding for each in reasons for coding in each.get("coding", ())]
        body["statusReason"] = ({"coding": coded} if coded else {}) | {"text": "; ".join(r["text"] for r in reasons)}
    elif said == "RE":
        body["statusReason"] = {"text": "refused"}
    elif said and said not in tables.COMPLETION:
        body["statusReason"] = {"text": f"outcome not understood: {text_of(rxa, 20)}"}
    if said == "PA":
        body["isSubpotent"] = True
    if why := concepts(rxa, 19):
        body["reasonCode"] = why


def _source(body: Json, rxa: Segment) -> None:
    """Who tells it (RXA-9, NIP001); words that are no such code are a note."""
    notes = []
    for rep in reps(rxa, 9):
        code = part(rep, 1)
        if part(rep, 3).upper() == "NIP001" and code:
            body["primarySource"] = code == "00"
            if code != "00":
                body["reportOrigin"] = concept(rep)
        elif text := joined(rep, 2) or code:
            notes.append({"text": text})
    if notes:
        body["note"] = notes


def _people(body: Json, group: OrderGroup, rxa: Segment) -> None:
    """Who gave it (RXA-10) and who ordered it (ORC-12)."""
    listed = [("AP", person(rep)) for rep in reps(rxa, 10)]
    if group.orc is not None:
        listed += [("OP", person(rep)) for rep in reps(group.orc, 12)]
    performers = [
        {"function": {"coding": [{"system": _FUNCTION, "code": code}]}, "actor": who} for code, who in listed if who
    ]
    if performers:
        body["performer"] = performers


def _product(reading: Reading, body: Json, rxa: Segment) -> None:
    if is_valued(rxa, 15):
        body["lotNumber"] = text_of(rxa, 15)
    expires = reading.moment(rxa, 16)
    if expires is not None:
        body["expirationDate"] = expires.iso[:10]
    if is_valued(rxa, 17) and (maker := concept(first_rep(rxa, 17)).get("text")):
        body["manufacturer"] = {"display": maker}


def _place(reading: Reading, body: Json, group: OrderGroup, rxa: Segment) -> None:
    """Route and site (the RXR below this RXA), and where it was given (RXA-27, else RXA-11)."""
    rxr = _below(group, rxa)
    if rxr is not None:
        body.update({name: said for name, said in way_of(reading, rxr).items() if name in ("route", "site")})
    if where := bed(first_rep(rxa, 27)) or bed(first_rep(rxa, 11)):
        body["location"] = where


def _below(group: OrderGroup, rxa: Segment) -> Segment | None:
    """The RXR that stands between this RXA and the next."""
    inside = False
    for segment in group.segments:
        if inside and segment.name in ("RXR", "RXA"):
            return segment if segment.name == "RXR" else None
        inside = inside or segment is rxa
    return None


def _order(reading: Reading, body: Json, group: OrderGroup, rxa: Segment) -> None:
    if identifiers := order_identifiers(reading, group):
        body["identifier"] = identifiers
    order_security(body, group)
    recorded = reading.moment(group.orc, 9) if group.orc is not None else None
    if text_of(rxa, 21) == "A":
        recorded = reading.moment(rxa, 22) or recorded
    put_time(body, "recorded", recorded)
