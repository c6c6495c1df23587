"""DG1, PRB and PR1 as Condition and Procedure facts (V2-to-FHIR: DG1[Condition], PR1[Procedure]; PRB has no map)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache

from codedark.entries.datatypes import Json, Rep, bed, concept, identifier_ei, joined, part, person, table_concept
from codedark.entries.moments import Moment, put_time
from codedark.entries.tables import SNOMED
from codedark.entries.v2.reading import Reading, first_rep, is_valued, reps, text_of
from codedark.hl7 import Segment

_CATEGORY = "http://terminology.hl7.org/CodeSystem/condition-category"
_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_ROLE = "http://terminology.hl7.org/CodeSystem/diagnosis-role"
_SURE = frozenset({"confirmed", "provisional", "differential", "refuted", "unconfirmed"})
_GOAL_STATE = {"A": "active", "I": "on-hold", "R": "completed", "C": "completed"}
_FUNCTIONS = ((8, "88189002", "Anesthesiologist"), (11, "304292004", "Surgeon"), (12, "", ""))
_PROBLEM_STATE = {"A": "active", "I": "inactive", "R": "resolved", "C": "resolved"}


def read_diagnosis(reading: Reading, dg1: Segment) -> None:
    """One DG1: a diagnosis of the visit."""
    rep = first_rep(dg1, 3)
    code = concept(rep, reading.codes("diagnosis"))
    if not code and is_valued(dg1, 4):
        code = {"text": dg1.whole(4)}
    if not code:
        reading.problem(dg1.path, "a diagnosis that names nothing", kind="Condition")
        return
    body: Json = reading.subject({"code": code, "category": [_category("encounter-diagnosis", "Encounter Diagnosis")]})
    reading.put(body, "onsetDateTime", dg1, 5)
    reading.put(body, "recordedDate", dg1, 19)
    if is_valued(dg1, 16) and (who := person(first_rep(dg1, 16))):
        body["asserter"] = who
    if is_valued(dg1, 20) and (identifier := identifier_ei(first_rep(dg1, 20))):
        body["identifier"] = [identifier]
    if kind := text_of(dg1, 6):
        body["category"].append(_diagnosis_type(kind))
    if text_of(dg1, 21) == "D":
        body["verificationStatus"] = {"coding": [{"system": _VERIFICATION, "code": "entered-in-error"}]}
    identity = _diagnosis_id(reading, dg1, rep, code)
    reading.claim(dg1.path, "Condition", identity, body, cleared=_said_again(body))


@lru_cache(maxsize=64)
def _diagnosis_type(code: str) -> Json:
    return table_concept(code, "0052", {})


def _diagnosis_id(reading: Reading, dg1: Segment, rep: Rep, code: Json) -> str:
    """DG1-20, else the diagnosis of this visit, or of this patient. `rep`: DG1-3."""
    named = first_rep(dg1, 20)
    if named and part(named, 1):
        return reading.id_of("Condition", reading.authority(named, 2), part(named, 1))
    key = part(rep, 1) or joined(rep, 2) or code.get("text", "")
    return reading.id_of("Condition", reading.encounter or reading.patient or "", key)


def read_visit_diagnoses(reading: Reading, segments: list[Segment]) -> None:
    """What a visit is for: Encounter.diagnosis of all DG1 with their rank and use (V2-to-FHIR: DG1[Encounter])."""
    found: list[Json] = []
    for dg1 in segments:
        rep = first_rep(dg1, 3)
        code = concept(rep) or ({"text": dg1.whole(4)} if is_valued(dg1, 4) else {})
        if not code or text_of(dg1, 21) == "D":
            continue
        entry: Json = {"condition": {"reference": f"Condition/{_diagnosis_id(reading, dg1, rep, code)}"}}
        if text_of(dg1, 6) == "A":
            entry["use"] = {"coding": [{"system": _ROLE, "code": "AD", "display": "Admission diagnosis"}]}
        rank = text_of(dg1, 15)
        if rank.isascii() and rank.isdigit() and int(rank):
            entry["rank"] = int(rank)
        found.append(entry)
    if found and reading.encounter is not None:
        reading.claim("DG1[1].visit", "Encounter", reading.encounter, {"diagnosis": found})


def read_problem(reading: Reading, prb: Segment) -> None:
    """One PRB: an entry of the problem list."""
    rep = first_rep(prb, 3)
    code = concept(rep, reading.codes("diagnosis"))
    if not code:
        reading.problem(prb.path, "a problem that names nothing", kind="Condition")
        return
    body: Json = reading.subject({"code": code, "category": [_category("problem-list-item", "Problem List Item")]})
    reading.put(body, "recordedDate", prb, 7)
    reading.put(body, "onsetDateTime", prb, 16)
    ended = reading.put(body, "abatementDateTime", prb, 9)
    if "onsetDateTime" not in body and is_valued(prb, 17):
        body["onsetString"] = prb.whole(17)
    state = _PROBLEM_STATE.get(part(first_rep(prb, 14), 1)[:1].upper(), "")
    if ended is not None and state in ("", "active"):
        state = "resolved"
    if text_of(prb, 1) == "DE" or (reading.trigger == "PC3" and not is_valued(prb, 1)):
        body["verificationStatus"] = {"coding": [{"system": _VERIFICATION, "code": "entered-in-error"}]}
    else:
        _standing(body, prb, state)
    named = first_rep(prb, 4)
    if identifier := identifier_ei(named):
        body["identifier"] = [identifier]
    key = part(rep, 1) or joined(rep, 2)
    if part(named, 1):
        identity = reading.id_of("Condition", reading.authority(named, 2), part(named, 1))
    else:
        identity = reading.id_of("Condition", reading.patient or "", key)
    reading.claim(prb.path, "Condition", identity, body, cleared=_said_again(body))


def _standing(body: Json, prb: Segment, state: str) -> None:
    """Clinical status, how sure it is (PRB-13, where it is a word of R4), and the place on the list (PRB-18)."""
    if state:
        body["clinicalStatus"] = {"coding": [{"system": _CLINICAL, "code": state}]}
    sure = part(first_rep(prb, 13), 1).lower()
    if sure in _SURE:
        body["verificationStatus"] = {"coding": [{"system": _VERIFICATION, "code": sure}]}
    for number, name in ((8, "urn:codedark:expected-resolution"), (18, "urn:codedark:problem-ranking")):
        if is_valued(prb, number):
            body.setdefault("extension", []).append({"url": name, "valueString": prb.whole(number)})


def read_goal(reading: Reading, gol: Segment) -> None:
    """One GOL: a goal of the care plan (no published map; by the names of the fields)."""
    rep = first_rep(gol, 3)
    words = concept(rep)
    if not words:
        reading.problem(gol.path, "a goal that names nothing", kind="Goal")
        return
    state = _GOAL_STATE.get(part(first_rep(gol, 18), 1)[:1].upper(), "active")
    if text_of(gol, 1) == "DE":
        state = "entered-in-error"
    body: Json = reading.subject({"description": words, "lifecycleStatus": state}, encounter="")
    reading.put(body, "startDate", gol, 7)
    reading.put(body, "statusDate", gol, 19)
    due: Json = {}
    reading.put(due, "dueDate", gol, 8)
    if due:
        body["target"] = [due]
    named = first_rep(gol, 4)
    if part(named, 1):
        body["identifier"] = [identifier_ei(named)]
        identity = reading.id_of("Goal", reading.authority(named, 2), part(named, 1))
    else:
        identity = reading.id_of("Goal", reading.patient or "", part(rep, 1) or words.get("text", ""))
    reading.claim(gol.path, "Goal", identity, body)


def read_procedure(reading: Reading, pr1: Segment) -> None:
    """One PR1: a procedure that was done."""
    rep = first_rep(pr1, 3)
    code = concept(rep, reading.codes("procedure")) or ({"text": pr1.whole(4)} if is_valued(pr1, 4) else {})
    if not code:
        reading.problem(pr1.path, "a procedure that names nothing", kind="Procedure")
        return
    body: Json = reading.subject({"status": "completed", "code": code})
    when = _performed(reading, body, pr1)
    if performers := list(_performers(pr1)):
        body["performer"] = performers
    for name, number in (("category", 6), ("reasonCode", 15)):
        if is_valued(pr1, number) and (said := concept(first_rep(pr1, number))):
            body[name] = said if name == "category" else [said]
    if is_valued(pr1, 23) and (place := bed(first_rep(pr1, 23))):
        body["location"] = place
    named = first_rep(pr1, 19)
    if part(named, 1):
        body["identifier"] = [identifier_ei(named)]
        identity = reading.id_of("Procedure", reading.authority(named, 2), part(named, 1))
    else:
        key = f"{part(rep, 1) or code.get('text', '')} {when.iso if when else ''}"
        identity = reading.id_of("Procedure", reading.encounter or reading.patient or "", key)
    reading.claim(pr1.path, "Procedure", identity, body)


def _performed(reading: Reading, body: Json, pr1: Segment) -> Moment | None:
    """When it was done: from PR1-5 for the minutes of PR1-7, where both are known."""
    when = reading.moment(pr1, 5)
    minutes = text_of(pr1, 7)
    if when is not None and when.exact and minutes.isascii() and minutes.isdigit() and 0 < int(minutes) < 100_000:
        period: Json = {}
        put_time(period, "start", when)
        period["end"] = (dt.datetime.fromisoformat(when.iso) + dt.timedelta(minutes=int(minutes))).isoformat()
        body["performedPeriod"] = period
    else:
        put_time(body, "performedDateTime", when)
    return when


def _performers(pr1: Segment) -> Iterator[Json]:
    for number, code, display in _FUNCTIONS:
        for rep in reps(pr1, number) if is_valued(pr1, number) else ():
            if who := person(rep):
                role = {"coding": [{"system": SNOMED, "code": code, "display": display}]}
                yield ({"function": role} if code else {}) | {"actor": who}


def _said_again(body: Json) -> tuple[str, ...]:
    """A condition said again after it was deleted is there again."""
    return () if "verificationStatus" in body else ("verificationStatus",)


def _category(code: str, display: str) -> Json:
    return {"coding": [{"system": _CATEGORY, "code": code, "display": display}]}
