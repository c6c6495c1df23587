"""SCH with AIS, AIG, AIL, AIP as Appointment facts (V2-to-FHIR: SCH[Appointment], AIS/AIG/AIL/AIP[Appointment])."""

from __future__ import annotations

import datetime as dt

from codedark.entries import tables
from codedark.entries.datatypes import Json, bed, concept, identifier_ei, part, person
from codedark.entries.moments import put_time
from codedark.entries.v2.orders import note_text
from codedark.entries.v2.reading import Reading, first_rep, is_valued, order_number, reps, text_of
from codedark.hl7 import Segment

_EVENT_STATUS = {"S12": "booked", "S13": "booked", "S14": "booked", "S15": "cancelled", "S17": "entered-in-error"}
_EVENT_STATUS |= {"S16": "cancelled", "S18": "booked", "S19": "booked", "S21": "booked", "S26": "noshow"}
_UNIT_MINUTES = {"": 1, "M": 1, "MIN": 1, "MINUTES": 1, "MINUTE": 1, "H": 60, "HR": 60, "HOURS": 60, "S": 0, "SEC": 0}
_TAKES_PART = dict.fromkeys(("CANCELLED", "DC", "DELETED", "NOSHOW"), "declined")
_TAKES_PART |= dict.fromkeys(("PENDING", "WAITLIST"), "tentative")
"""AIP-12 (table 0278, which the map leads into participant.status and translates no further)."""
_AGENT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"


def read_appointment(reading: Reading, sch: Segment, segments: list[Segment]) -> None:
    """One SCH with the resource segments that follow it."""
    body: Json = {}
    filler = tables.APPOINTMENT_STATUS.get(part(first_rep(sch, 25), 1), "")
    status = _EVENT_STATUS.get(reading.trigger, filler)
    body["status"] = filler if status == "booked" and filler else status or "proposed"
    identifiers = [identifier_ei(first_rep(sch, number)) for number in (1, 2)]
    if identifiers := [identifier for identifier in identifiers if identifier]:
        body["identifier"] = identifiers
    cleared = _reasons(body, sch)
    _times(reading, body, sch, segments)
    body["participant"] = _participants(reading, sch, segments)
    services = [concept(first_rep(ais, 3)) for ais in segments if ais.name == "AIS" and is_valued(ais, 3)]
    if services := [service for service in services if service]:
        body["serviceType"] = services
    orders = [identifier_ei(rep) for number in (26, 27) for rep in reps(sch, number) if is_valued(sch, number)]
    if orders := [order for order in orders if order]:
        body["basedOn"] = [{"type": "ServiceRequest", "identifier": order} for order in orders]
    if notes := [note for note in map(note_text, (each for each in segments if each.name == "NTE")) if note]:
        body["comment"] = "\n".join(notes)
    reading.claim(sch.path, "Appointment", _identity(reading, sch), body, cleared=cleared)


def _reasons(body: Json, sch: Segment) -> tuple[str, ...]:
    """Why it was made, of what kind it is, why it is off; returns the field that what is said now takes away."""
    event = concept(first_rep(sch, 6)) if is_valued(sch, 6) else {}
    reason = first_rep(sch, 7)
    kind = concept(first_rep(sch, 8)) if is_valued(sch, 8) else {}
    if is_valued(sch, 7) and (why := concept(reason)):
        if part(reason, 3).upper() == "HL70277" and not kind:
            kind = why
        else:
            body["reasonCode"] = [why]
    if kind:
        body["appointmentType"] = kind
    if body["status"] in ("cancelled", "noshow", "entered-in-error"):
        if event:
            body["cancelationReason"] = event
        return ()
    if event and "reasonCode" not in body:
        body["reasonCode"] = [event]
    return ("cancelationReason",)


def _identity(reading: Reading, sch: Segment) -> str:
    for number, missing in ((2, reading.sender), (1, reading.site.authority)):
        authority, value = order_number(reading, sch, number)
        if value:
            return reading.id_of("Appointment", f"{number} {authority or missing}", value)
    return reading.id_of_place("Appointment", sch.path)


def _times(reading: Reading, body: Json, sch: Segment, segments: list[Segment]) -> None:
    start = reading.moment(sch, 11, 1, 4)
    for segment in segments:
        if start is None and segment.name in ("AIS", "AIG", "AIL", "AIP"):
            start = reading.moment(segment, 4 if segment.name == "AIS" else 8 if segment.name == "AIG" else 6)
    if start is not None and start.exact:
        put_time(body, "start", start)
    end = reading.moment(sch, 11, 1, 5)
    if end is not None and end.exact:
        put_time(body, "end", end)
    minutes = text_of(sch, 9)
    factor = _UNIT_MINUTES.get(part(first_rep(sch, 10), 1).upper(), 0)
    if factor and minutes.isascii() and minutes.isdigit() and 0 < int(minutes) < 100_000:
        body["minutesDuration"] = int(minutes) * factor
        if start is not None and start.exact and "end" not in body:
            ends = dt.datetime.fromisoformat(start.iso) + dt.timedelta(minutes=int(minutes) * factor)
            body["end"] = ends.isoformat()


def _participants(reading: Reading, sch: Segment, segments: list[Segment]) -> list[Json]:
    out: list[Json] = []
    if reading.patient:
        out.append({"actor": {"reference": f"Patient/{reading.patient}"}, "status": "accepted"})
    for segment in segments:
        if who := _resource(segment):
            out.append(_taking_part(reading, segment, who))
    for number, words in ((12, "placer contact"), (16, "filler contact"), (20, "enterer")):
        for rep in reps(sch, number) if is_valued(sch, number) else ():
            if who := person(rep):
                role = {"coding": [{"system": _AGENT, "code": "enterer"}]} if number == 20 else {"text": words}
                out.append({"type": [role], "actor": who, "status": "accepted"})
    if not out:
        out.append({"actor": {"display": "not named"}, "status": "needs-action"})
    return out


def _resource(segment: Segment) -> Json:
    """Who or what an AIP, AIL or AIG books."""
    if not is_valued(segment, 3):
        return {}
    if segment.name == "AIP":
        return person(first_rep(segment, 3))
    if segment.name == "AIL":
        return bed(first_rep(segment, 3))
    text = concept(first_rep(segment, 3)).get("text", "") if segment.name == "AIG" else ""
    return {"display": text} if text else {}


def _taking_part(reading: Reading, segment: Segment, who: Json) -> Json:
    """One participant: what it is for (AIP-4, AIG-4, AIL-4), from when (AIP-6, AIL-6, AIG-8)."""
    out: Json = {"actor": who, "status": "accepted"}
    if segment.name == "AIP" and is_valued(segment, 12):
        out["status"] = _TAKES_PART.get(part(first_rep(segment, 12), 1).upper(), "accepted")
    if is_valued(segment, 4) and (role := concept(first_rep(segment, 4))):
        out["type"] = [role]
    period: Json = {}
    reading.put(period, "start", segment, 8 if segment.name == "AIG" else 6)
    if period:
        out["period"] = period
    return out
