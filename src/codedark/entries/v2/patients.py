"""Who: PID, PD1, NK1 and MRG as Patient facts and links (V2-to-FHIR: PID[Patient], PD1[Patient], NK1[Patient])."""

from __future__ import annotations

from codedark.entries import tables
from codedark.entries.datatypes import (
    V2,
    Json,
    address,
    concept,
    contact_point,
    human_name,
    identifier_cx,
    joined,
    part,
    person,
    table_concept,
)
from codedark.entries.facts import Op
from codedark.entries.moments import put_time
from codedark.entries.v2.reading import Reading, first_rep, is_valued, null, put_all, reps, text_of
from codedark.hl7 import Segment

_EXTENSION = "http://hl7.org/fhir/StructureDefinition/"
_IDENTITY_FIELDS = (3, 2, 4)


def patient_id(reading: Reading, segment: Segment, fields: tuple[int, ...] = _IDENTITY_FIELDS) -> str | None:
    """The Patient id of the identifiers in `fields`: the one of type MR, else the first; None when there is none."""
    for number in fields:
        found = [rep for rep in reps(segment, number) if part(rep, 1)]
        if found:
            chosen = next((rep for rep in found if part(rep, 5) == "MR"), found[0])
            return reading.id_of("Patient", reading.authority(chosen, 4), part(chosen, 1))
    return None


def read_patient(reading: Reading, pid: Segment, extra: list[Segment]) -> None:
    """PID with its PD1 and NK1: sets `reading.patient` and claims the Patient."""
    key = ("PID", pid.raw, pid.delimiters, pid.codec)
    known = None if reading.first_hand else reading.memory.get(key)
    if known is None:
        problems = len(reading.problems)
        known = _described(reading, pid, extra)
        if not reading.first_hand and problems == len(reading.problems):
            reading.memory[key] = known
    reading.patient, body, cleared = known
    ranked = reading.rank(hearsay=not reading.first_hand)
    reading.claim(pid.path, "Patient", known[0], body, ranked=ranked, cleared=cleared)


def _described(reading: Reading, pid: Segment, extra: list[Segment]) -> tuple[str, Json, tuple[str, ...]]:
    """(id, body, cleared fields) of a PID."""
    identity = patient_id(reading, pid)
    if identity is None:
        identity = reading.id_of_place("Patient", pid.path)
        reading.patient = identity
        reading.problem(f"{pid.path}.3", "no patient identifier", hint="Find whose it is by name and birth date.")
    reading.patient = identity
    body: Json = {}
    cleared: list[str] = []
    _names(body, cleared, pid)
    _identifiers(body, pid)
    _birth_and_death(reading, body, cleared, pid)
    if reading.first_hand:
        _contact(body, cleared, pid)
        _extensions(body, pid)
        for segment in extra:
            if segment.name == "PD1" and is_valued(segment, 4):
                doctors = [person(rep) for rep in reps(segment, 4)]
                body["generalPractitioner"] = [doctor for doctor in doctors if doctor]
        kin = [_kin(segment) for segment in extra if segment.name == "NK1"]
        put = [contact for contact in kin if contact]
        if put:
            body["contact"] = put
    return identity, body, tuple(cleared)


def _names(body: Json, cleared: list[str], pid: Segment) -> None:
    names = [name for number in (5, 9) if is_valued(pid, number) for name in map(human_name, reps(pid, number)) if name]
    put_all(body, cleared, "name", pid, 5, names)


def _identifiers(body: Json, pid: Segment) -> None:
    found: list[Json] = []
    for number in (3, 2, 4):
        for rep in reps(pid, number) if is_valued(pid, number) else ():
            identifier = identifier_cx(rep)
            if identifier and identifier not in found:
                found.append(identifier)
    if is_valued(pid, 19):
        social = {"type": {"coding": [{"system": V2 + "0203", "code": "SS"}]}, "value": text_of(pid, 19)}
        found.append({"system": "http://hl7.org/fhir/sid/us-ssn"} | social)
    if found:
        body["identifier"] = found


def _birth_and_death(reading: Reading, body: Json, cleared: list[str], pid: Segment) -> None:
    born = reading.moment(pid, 7)
    if born is not None:
        body["birthDate"] = born.iso[:10]
        if born.exact:
            time: Json = {"url": _EXTENSION + "patient-birthTime", "valueDateTime": born.iso}
            body["_birthDate"] = {"extension": [time]}
    elif null(pid, 7):
        cleared.append("birthDate")
    if is_valued(pid, 8):
        sex = part(first_rep(pid, 8), 1).upper()
        gender = tables.SEX.get(tables.SEX_WORDS.get(sex, sex))
        if gender is None:
            reading.problem(f"{pid.path}.8", "sex is not a code of table 0001", hint="Map it in the site's codes.")
        else:
            body["gender"] = gender
    elif null(pid, 8):
        cleared.append("gender")
    died = reading.moment(pid, 29)
    if died is not None:
        put_time(body, "deceasedDateTime", died)
    elif text_of(pid, 30) in ("Y", "N"):
        body["deceasedBoolean"] = text_of(pid, 30) == "Y"
    elif null(pid, 29) or null(pid, 30):
        cleared += ["deceasedDateTime", "deceasedBoolean"]


def _contact(body: Json, cleared: list[str], pid: Segment) -> None:
    places = [place for place in map(address, reps(pid, 11)) if place] if is_valued(pid, 11) else []
    put_all(body, cleared, "address", pid, 11, places)
    phones = [contact_point(rep, use) for number, use in ((13, "home"), (14, "work")) for rep in reps(pid, number)]
    put_all(body, cleared, "telecom", pid, 13, [phone for phone in phones if phone])
    if is_valued(pid, 15):
        language = concept(first_rep(pid, 15))
        if language:
            body["communication"] = [{"language": language}]
    if is_valued(pid, 16):
        married = part(first_rep(pid, 16), 1)
        if married in tables.MARITAL:
            body["maritalStatus"] = table_concept(married, "0002", tables.MARITAL)
        elif found := concept(first_rep(pid, 16)):
            body["maritalStatus"] = found
    elif null(pid, 16):
        cleared.append("maritalStatus")
    order = text_of(pid, 25)
    if order.isascii() and order.isdigit():
        body["multipleBirthInteger"] = int(order)
    elif text_of(pid, 24) in ("Y", "N"):
        body["multipleBirthBoolean"] = text_of(pid, 24) == "Y"


def _extensions(body: Json, pid: Segment) -> None:
    found: list[Json] = []
    if is_valued(pid, 6) and (mother := joined(first_rep(pid, 6), 1)):
        found.append({"url": _EXTENSION + "patient-mothersMaidenName", "valueString": mother})
    if is_valued(pid, 17) and (religion := concept(first_rep(pid, 17))):
        found.append({"url": _EXTENSION + "patient-religion", "valueCodeableConcept": religion})
    if is_valued(pid, 23):
        found.append({"url": _EXTENSION + "patient-birthPlace", "valueAddress": {"text": pid.whole(23)}})
    # Race, ethnic group: the maps leave them to the realm; kept as coded, under names of our own.
    for number, name in ((10, "race"), (22, "ethnic-group")):
        for rep in reps(pid, number) if is_valued(pid, number) else ():
            if value := concept(rep):
                found.append({"url": f"urn:codedark:{name}", "valueCodeableConcept": value})
    if found:
        body["extension"] = found


def _kin(segment: Segment) -> Json:
    out: Json = {}
    relation = concept(first_rep(segment, 3))
    if relation:
        out["relationship"] = [relation]
    if is_valued(segment, 2) and (name := human_name(first_rep(segment, 2))):
        out["name"] = name
    phones = [contact_point(rep, use) for number, use in ((5, "home"), (6, "work")) for rep in reps(segment, number)]
    if phones := [phone for phone in phones if phone]:
        out["telecom"] = phones
    if is_valued(segment, 4) and (place := address(first_rep(segment, 4))):
        out["address"] = place
    return out if out.keys() - {"relationship"} else {}


def read_merge(reading: Reading, mrg: Segment) -> None:
    """MRG after a PID: the prior patient is the patient being read. A link, undone by an unlink, resolved when read."""
    if reading.patient is None:
        return
    prior = patient_id(reading, mrg, (1, 4))
    if prior is None:
        reading.problem(
            f"{mrg.path}.1", "a merge that names no prior patient", hint="Ask registration whom it absorbed."
        )
    elif prior == reading.patient:
        reading.problem(f"{mrg.path}.1", "a merge of a patient with itself", hint="Ask registration.")
    else:
        reading.claim(mrg.path, "Patient", prior, {"into": reading.patient}, op=Op.LINK, patient=prior)
        _prior_name(reading, mrg, prior)


def _prior_name(reading: Reading, mrg: Segment, prior: str) -> None:
    """What the merge says of the absorbed record, so that its number can be named after it."""
    body: Json = {}
    numbers = [identifier for identifier in map(identifier_cx, reps(mrg, 1)) if identifier]
    if numbers:
        body["identifier"] = numbers
    if is_valued(mrg, 7) and (name := human_name(first_rep(mrg, 7))):
        body["name"] = [name]
    if body:
        ranked = reading.rank(hearsay=True)
        reading.claim(f"{mrg.path}.1", "Patient", prior, body, ranked=ranked, patient=prior)


def read_link(reading: Reading, pids: list[Segment], op: Op) -> None:
    """A24 (link) and A37 (unlink): two PIDs in one message; the first is the one the second is read with."""
    ids = [patient_id(reading, pid) for pid in pids[:2]]
    if len(ids) < 2 or ids[0] is None or ids[1] is None or ids[0] == ids[1]:
        reading.problem("PID[2]", "a link that does not name two patients", hint="Ask registration which two.")
        return
    reading.claim(pids[1].path, "Patient", ids[1], {"into": ids[0]}, op=op, patient=ids[1])
