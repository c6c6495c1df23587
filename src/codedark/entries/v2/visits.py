"""Where: PV1 and PV2 as Encounter facts (V2-to-FHIR: PV1[Encounter], PV2[Encounter], Event[EncounterStatus]).

First-hand claims come from ADT; what an order or a result says of the bed ranks below every ADT message. The status of
a visit comes from the event (A01 begins, A03 ends, A11, A12, A13 take back); an ADT event that says nothing of it (A08)
claims the status of the patient class, second-hand: it counts only until an event was heard.
"""

from __future__ import annotations

from codedark.entries import tables
from codedark.entries.datatypes import V2, Json, bed, identifier_cx, part, person
from codedark.entries.v2.reading import Reading, first_rep, is_valued, null, reps, text_of
from codedark.entries.v2.stays import describe_stay, other_places
from codedark.hl7 import Segment

_PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_ROLES = (
    (7, "ATND", "attender"),
    (8, "REF", "referrer"),
    (9, "CON", "consultant"),
    (17, "ADM", "admitter"),
    (52, "PART", "Participation"),
)
_EVENT_STATUS = {
    "A01": "in-progress",
    "A02": "in-progress",
    "A03": "finished",
    "A05": "planned",
    "A06": "in-progress",
    "A07": "in-progress",
    "A09": "in-progress",
    "A10": "in-progress",
    "A11": "cancelled",
    "A12": "in-progress",
    "A13": "in-progress",
    "A14": "planned",
    "A17": "in-progress",
    "A21": "onleave",
    "A22": "in-progress",
    "A23": "entered-in-error",
    "A27": "cancelled",
    "A38": "cancelled",
}
"""Published: A01, A02, A03, A05, A11, A13. A04 follows the patient class (an emergency arrival is present, not
planned); the others say in words what their name says."""

_OPENING = frozenset({"A01", "A04", "A05", "A06", "A07", "A10", "A14"})
_PERSONAL = frozenset({"A24", "A28", "A29", "A31", "A37", "A60"})
"""Events about a person, which send a PV1 only because the structure wants one."""
_PENDING = frozenset({"A15", "A16", "A25", "A26"})
"""Transfers and discharges that are only planned, or no longer: where the patient is did not change."""


def visit_id(reading: Reading, pv1: Segment, pid: Segment | None) -> str | None:
    """The Encounter id: visit number (PV1-19), else account number (PID-18), else the patient's one visit."""
    if is_valued(pv1, 19) and (rep := first_rep(pv1, 19)) and part(rep, 1):
        return reading.id_of("Encounter", reading.authority(rep, 4), part(rep, 1))
    if pid is not None and is_valued(pid, 18) and (rep := first_rep(pid, 18)) and part(rep, 1):
        return reading.id_of("Encounter", "account " + reading.authority(rep, 4), part(rep, 1))
    if reading.patient is None:
        return None
    return reading.id_of("Encounter", "unnumbered", reading.patient)


def read_visit(reading: Reading, pv1: Segment, pv2: Segment | None, pid: Segment | None) -> None:
    """PV1 with its PV2: sets `reading.encounter` and claims the Encounter."""
    if not reading.first_hand:
        _read_second_hand(reading, pv1, pv2, pid)
        return
    identity = visit_id(reading, pv1, pid)
    if identity is None or (reading.trigger in _PERSONAL and not is_valued(pv1, 19)):
        return
    reading.encounter = identity
    body, cleared, likely = _described(reading, pv1, pv2, pid)
    pending = reading.trigger in _PENDING
    status = "" if pending else _status(reading, pv1, likely)
    if status:
        body["status"] = status
    ranked = reading.rank(hearsay=pending)
    reading.claim(pv1.path, "Encounter", identity, body, ranked=ranked, cleared=cleared)
    if pending and "extension" in body:
        # When somebody is expected to go is news, whatever the bed is.
        reading.claim(f"{pv1.path}.3", "Encounter", identity, {"extension": body["extension"]})
    if not status and likely:
        ranked = reading.rank(hearsay=True)
        reading.claim(f"{pv1.path}.2", "Encounter", identity, {"status": likely}, ranked=ranked)


def _read_second_hand(reading: Reading, pv1: Segment, pv2: Segment | None, pid: Segment | None) -> None:
    """The PV1 of an order or a result. Only with a visit number: without one it could not be told from a second stay in
    a second bed. The same words about the same patient were most likely read before."""
    if not is_valued(pv1, 19):
        return
    words = (pv1.raw, pv2.raw if pv2 is not None else "", pid.field(18) if pid is not None else "")
    key = ("PV1", *words, reading.patient, pv1.delimiters, pv1.codec)
    known = reading.memory.get(key)
    if known is None:
        problems = len(reading.problems)
        identity = visit_id(reading, pv1, pid)
        if identity is None:
            return
        body, cleared, likely = _described(reading, pv1, pv2, pid)
        if likely:
            body["status"] = likely
        known = identity, body, cleared
        if problems == len(reading.problems):
            reading.memory[key] = known
    reading.encounter, body, cleared = known
    reading.claim(pv1.path, "Encounter", known[0], body, ranked=reading.rank(hearsay=True), cleared=cleared)


def _described(
    reading: Reading, pv1: Segment, pv2: Segment | None, pid: Segment | None
) -> tuple[Json, tuple[str, ...], str]:
    """(body without status, cleared fields, the status that the end and the patient class suggest or "")."""
    body: Json = reading.subject({}, encounter="")
    cleared: list[str] = []
    _class(reading, body, pv1)
    _numbers(body, pv1, pid)
    ended = _period(reading, body, cleared, pv1)
    _places(reading, body, cleared, (pv1, pv2), ended)
    _people(reading, body, pv1, pv2)
    describe_stay(reading, body, pv1, pv2)
    code = text_of(pv1, 2)
    # The map calls class N ("not applicable") in progress; a PV1 that says so says nothing of a stay.
    likely = "finished" if ended else "" if code in ("N", "U") else tables.CLASS_STATUS.get(code, "")
    return body, tuple(cleared), likely


def _status(reading: Reading, pv1: Segment, likely: str) -> str:
    if reading.trigger == "A04":
        return likely or "in-progress"
    return _EVENT_STATUS.get(reading.trigger, "finished" if likely == "finished" else "")


def _class(reading: Reading, body: Json, pv1: Segment) -> None:
    code = text_of(pv1, 2)
    if not code:
        return
    known = tables.ENCOUNTER_CLASS.get(code)
    local = (reading.codes("class") or {}).get(code)
    system, value, display = local or known or (V2 + "0004", code, "")
    body["class"] = {"system": system, "code": value} | ({"display": display} if display else {})


def _numbers(body: Json, pv1: Segment, pid: Segment | None) -> None:
    numbers = [identifier_cx(rep, "VN") for rep in reps(pv1, 19)] if is_valued(pv1, 19) else []
    numbers += [identifier_cx(rep) for rep in reps(pv1, 50)] if is_valued(pv1, 50) else []
    if pid is not None and is_valued(pid, 18):
        numbers += [identifier_cx(rep, "AN") for rep in reps(pid, 18)]
    if numbers := [number for number in numbers if number]:
        body["identifier"] = numbers


def _period(reading: Reading, body: Json, cleared: list[str], pv1: Segment) -> bool:
    """Set the period; True when the visit has an end."""
    period: Json = {}
    reading.put(period, "start", pv1, 44)
    ended = reading.put(period, "end", pv1, 45) is not None
    if not ended and reading.first_hand and reading.trigger == "A03":
        ended = _event_end(reading, period)
    if period.keys() & {"start", "end"}:
        body["period"] = period
    elif reading.trigger == "A13":
        # The discharge was taken back: an end said earlier must not stay.
        cleared.append("period")
    return ended


def _event_end(reading: Reading, period: Json) -> bool:
    # A03 without PV1-45: the visit ended at the event's own time. Only with a start, lest an end hide the start.
    event = reading.message.get("EVN")
    if event is not None and "start" in period:
        number = 6 if is_valued(event, 6) else 2
        reading.put(period, "end", event, number)
    return "end" in period


def _places(
    reading: Reading, body: Json, cleared: list[str], segments: tuple[Segment, Segment | None], ended: bool
) -> None:
    pv1, pv2 = segments
    gone = ended or (reading.first_hand and reading.trigger in ("A03", "A11"))
    planned = text_of(pv1, 2) == "P" or (reading.first_hand and reading.trigger in ("A05", "A14"))
    assigned, prior = bed(first_rep(pv1, 3)), bed(first_rep(pv1, 6))
    # The assigned bed is the last active one: that is where the census looks.
    places = [] if gone and not reading.whole else other_places(pv1, pv2)
    if assigned:
        places.append({"location": assigned, "status": "completed" if gone else "planned" if planned else "active"})
    if prior:
        places.append({"location": prior, "status": "completed"})
    if places and (assigned or gone):
        body["location"] = places
    elif null(pv1, 3):
        cleared.append("location")


def _people(reading: Reading, body: Json, pv1: Segment, pv2: Segment | None) -> None:
    # One list in R4 but one field each in HL7: a message that names no attender must not take the known one away.
    if not is_valued(pv1, 7) and not (reading.first_hand and reading.trigger in _OPENING):
        return
    people: list[Json] = []
    for number, code, display in _ROLES:
        for rep in reps(pv1, number) if is_valued(pv1, number) else ():
            if who := person(rep):
                role = {"coding": [{"system": _PARTICIPATION, "code": code, "display": display}]}
                people.append({"type": [role], "individual": who})
    for rep in reps(pv2, 13) if pv2 is not None and is_valued(pv2, 13) else ():
        if who := person(rep):
            role = {"coding": [{"system": _PARTICIPATION, "code": "REF", "display": "referrer"}]}
            people.append({"type": [role], "individual": who})
    if people:
        body["participant"] = people


def read_moved_visit(reading: Reading, mrg: Segment, pv1: Segment | None) -> None:
    """A45 (move visit): the visit of MRG-5, or PV1-19, now belongs to the patient being read."""
    rep = first_rep(mrg, 5)
    identity = reading.id_of("Encounter", reading.authority(rep, 4), part(rep, 1)) if rep and part(rep, 1) else None
    if identity is None and pv1 is not None:
        identity = visit_id(reading, pv1, None)
    if identity is None:
        reading.problem(f"{mrg.path}.5", "a moved visit that is not named", hint="Ask registration which visit moved.")
        return
    reading.claim(mrg.path, "Encounter", identity, reading.subject({}, encounter=""))


def read_renumbered_visit(reading: Reading, mrg: Segment) -> None:
    """A50 (change visit number): the visit of MRG-5 goes on under the new number; the old number is no second visit."""
    rep = first_rep(mrg, 5)
    if not rep or not part(rep, 1):
        reading.problem(f"{mrg.path}.5", "a changed visit number that names no old one", hint="Ask registration.")
        return
    prior = reading.id_of("Encounter", reading.authority(rep, 4), part(rep, 1))
    if prior != reading.encounter:
        reading.claim(mrg.path, "Encounter", prior, {"status": "entered-in-error"})
        reading.problem(mrg.path, "a visit number changed", hint="What was said under the old number stays with it.")
