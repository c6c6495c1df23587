"""DG1, PRB and PR1 as Condition and Procedure facts (V2-to-FHIR: DG1[Condition], PR1[Procedure]; PRB has no map)."""

from __future__ import annotations

from codedark.entries.datatypes import Json, concept, identifier_ei, joined, part, person
from codedark.entries.v2.reading import Reading, first_rep, is_valued, text_of
from codedark.hl7 import Segment

_CATEGORY = "http://terminology.hl7.org/CodeSystem/condition-category"
_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
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
    named = first_rep(dg1, 20)
    if identifier := identifier_ei(named):
        body["identifier"] = [identifier]
    if text_of(dg1, 21) == "D":
        body["verificationStatus"] = {"coding": [{"system": _VERIFICATION, "code": "entered-in-error"}]}
    if part(named, 1):
        identity = reading.id_of("Condition", reading.authority(named, 2), part(named, 1))
    else:
        key = part(rep, 1) or joined(rep, 2) or code.get("text", "")
        identity = reading.id_of("Condition", reading.encounter or reading.patient or "", key)
    reading.claim(dg1.path, "Condition", identity, body, cleared=_said_again(body))


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
    if text_of(prb, 1) == "DE":
        body["verificationStatus"] = {"coding": [{"system": _VERIFICATION, "code": "entered-in-error"}]}
    elif state:
        body["clinicalStatus"] = {"coding": [{"system": _CLINICAL, "code": state}]}
    named = first_rep(prb, 4)
    if identifier := identifier_ei(named):
        body["identifier"] = [identifier]
    key = part(rep, 1) or joined(rep, 2)
    if part(named, 1):
        identity = reading.id_of("Condition", reading.authority(named, 2), part(named, 1))
    else:
        identity = reading.id_of("Condition", reading.patient or "", key)
    reading.claim(prb.path, "Condition", identity, body, cleared=_said_again(body))


def read_procedure(reading: Reading, pr1: Segment) -> None:
    """One PR1: a procedure that was done."""
    rep = first_rep(pr1, 3)
    code = concept(rep, reading.codes("procedure")) or ({"text": pr1.whole(4)} if is_valued(pr1, 4) else {})
    if not code:
        reading.problem(pr1.path, "a procedure that names nothing", kind="Procedure")
        return
    body: Json = reading.subject({"status": "completed", "code": code})
    when = reading.put(body, "performedDateTime", pr1, 5)
    performers = [person(first_rep(pr1, number)) for number in (8, 11) if is_valued(pr1, number)]
    if performers := [who for who in performers if who]:
        body["performer"] = [{"actor": who} for who in performers]
    named = first_rep(pr1, 19)
    if part(named, 1):
        body["identifier"] = [identifier_ei(named)]
        identity = reading.id_of("Procedure", reading.authority(named, 2), part(named, 1))
    else:
        key = f"{part(rep, 1) or code.get('text', '')} {when.iso if when else ''}"
        identity = reading.id_of("Procedure", reading.encounter or reading.patient or "", key)
    reading.claim(pr1.path, "Procedure", identity, body)


def _said_again(body: Json) -> tuple[str, ...]:
    """A condition said again after it was deleted is there again."""
    return () if "verificationStatus" in body else ("verificationStatus",)


def _category(code: str, display: str) -> Json:
    return {"coding": [{"system": _CATEGORY, "code": code, "display": display}]}
