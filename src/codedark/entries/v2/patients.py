"""Who: PID, PD1, NK1 and MRG as Patient facts and links (V2-to-FHIR: PID[Patient], PD1[Patient], NK1[Patient])."""

from __future__ import annotations

from urllib.parse import quote

from codedark.entries import tables
from codedark.entries.datatypes import (
    V2,
    Json,
    Rep,
    address,
    coding,
    concept,
    contact_point,
    human_name,
    identifier_cx,
    joined,
    organization,
    part,
    person,
    table_concept,
)
from codedark.entries.facts import Op
from codedark.entries.languages import spoken_language
from codedark.entries.moments import moment, put_time
from codedark.entries.v2.kin import contact_of
from codedark.entries.v2.reading import Reading, first_rep, is_valued, null, put_all, reps, text_of
from codedark.hl7 import Segment

_EXTENSION = "http://hl7.org/fhir/StructureDefinition/"
_CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
_IDENTITY_FIELDS = (3, 2, 4)
_PHONES = ((13, "home"), (14, "work"), (40, ""))
_CODED = (
    (17, _EXTENSION + "patient-religion"),
    (10, "urn:codedark:race"),
    (22, "urn:codedark:ethnic-group"),
    (27, "urn:codedark:veteran"),
)
"""Coded fields of PID and the extension each becomes. Race, ethnic group, military status: the maps leave them to the
realm; kept as coded, under names of our own."""
_NESTED = (
    (26, "patient-citizenship", "code"),
    (39, "patient-citizenship", "code"),
    (28, "patient-nationality", "code"),
    (35, "patient-animal", "species"),
    (36, "patient-animal", "breed"),
)
_LATE = 21
"""The first field that `_late_extensions` looks at: a PID that ends before it is not asked."""
_WISHES = (
    (6, _EXTENSION + "patient-disability"),
    (7, "urn:codedark:living-will"),
    (8, "urn:codedark:organ-donor"),
)
"""Coded fields of PD1."""


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
        _extensions(body, pid, extra)
        _disclosure(body, cleared, extra)
        if doctors := [doctor for segment in extra if segment.name == "PD1" for doctor in _doctors(segment)]:
            body["generalPractitioner"] = doctors
        kin = [contact_of(reading, segment) for segment in extra if segment.name == "NK1"]
        if kin := [contact for contact in kin if contact]:
            body["contact"] = kin
    return identity, body, tuple(cleared)


def _names(body: Json, cleared: list[str], pid: Segment) -> None:
    names = []
    for number in (5, 9):
        for rep in reps(pid, number) if is_valued(pid, number) else ():
            if name := human_name(rep):
                names.append(name)
            if len(rep) > 14 and (called := part(rep, 15)):
                names.append({"use": "nickname", "given": [called]})
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
    if is_valued(pid, 20) and (licence := first_rep(pid, 20)) and part(licence, 1):
        found.append(_licence(licence))
    if found:
        body["identifier"] = found


def _licence(rep: Rep) -> Json:
    """DLN: the number, who issued it (DLN[Identifier] DLN.2 is the system; a state is no URI), until when."""
    out: Json = {"type": {"coding": [{"system": V2 + "0203", "code": "DL"}]}, "value": part(rep, 1)}
    if issuer := part(rep, 2):
        out |= {"system": f"urn:codedark:authority:{quote(issuer)}", "assigner": {"display": issuer}}
    until = moment(part(rep, 3), "UTC") if part(rep, 3) else None
    if until is not None and not until.problem and not until.assumed:
        out["period"] = {"end": until.iso}
    return out


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
    put_all(body, cleared, "address", pid, 11, _addresses(pid))
    phones = [contact_point(rep, use) for number, use in _PHONES for rep in reps(pid, number)]
    put_all(body, cleared, "telecom", pid, 13, [phone for phone in phones if phone])
    if is_valued(pid, 15) and (language := spoken_language(first_rep(pid, 15))):
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


def _addresses(pid: Segment) -> list[Json]:
    """PID-11, with the county of PID-12 where PID-11 does not say it."""
    places = [place for place in map(address, reps(pid, 11)) if place] if is_valued(pid, 11) else []
    county = text_of(pid, 12)
    if not county or any(place.get("district") == county for place in places):
        return places
    if len(places) == 1 and "district" not in places[0]:
        return [places[0] | {"district": county}]
    return [*places, {"district": county}]


def _doctors(pd1: Segment) -> list[Json]:
    """The primary care place and the primary care doctors of a PD1."""
    found = [organization(rep) for rep in reps(pd1, 3)] + [person(rep) for rep in reps(pd1, 4)]
    return [doctor for doctor in found if doctor]


def _extensions(body: Json, pid: Segment, extra: list[Segment]) -> None:
    found: list[Json] = []
    if is_valued(pid, 6) and (mother := joined(first_rep(pid, 6), 1)):
        found.append({"url": _EXTENSION + "patient-mothersMaidenName", "valueString": mother})
    if is_valued(pid, 23):
        found.append({"url": _EXTENSION + "patient-birthPlace", "valueAddress": {"text": pid.whole(23)}})
    for number, name in _CODED:
        for rep in reps(pid, number) if is_valued(pid, number) else ():
            if value := concept(rep):
                found.append({"url": name, "valueCodeableConcept": value})
    if len(pid.fields) > _LATE:
        found += _late_extensions(pid)
    for segment in extra:
        found += _wishes(segment) if segment.name == "PD1" else _importance(segment) if segment.name == "PV1" else ()
    if found:
        body["extension"] = found


def _late_extensions(pid: Segment) -> list[Json]:
    """Those of the fields that few senders send."""
    found: list[Json] = []
    for number, name, inner in _NESTED:
        for rep in reps(pid, number) if is_valued(pid, number) else ():
            if value := concept(rep):
                inside = {"url": inner, "valueCodeableConcept": value}
                found.append({"url": _EXTENSION + name, "extension": [inside]})
    mothers = [identifier_cx(rep) for rep in reps(pid, 21)] if is_valued(pid, 21) else []
    found += [{"url": "urn:codedark:mother", "valueIdentifier": mother} for mother in mothers if mother]
    if (told := text_of(pid, 31)) in ("Y", "N"):
        found.append({"url": "urn:codedark:identity-unknown", "valueBoolean": told == "Y"})
    return found


def _wishes(pd1: Segment) -> list[Json]:
    """What a PD1 says of disability, congregation, living will and donation."""
    found: list[Json] = []
    if is_valued(pd1, 14) and (church := part(first_rep(pd1, 14), 1)):
        found.append({"url": _EXTENSION + "patient-congregation", "valueString": church})
    for number, name in _WISHES:
        if is_valued(pd1, number) and (value := concept(first_rep(pd1, number))):
            found.append({"url": name, "valueCodeableConcept": value})
    return found


def _disclosure(body: Json, cleared: list[str], extra: list[Segment]) -> None:
    """Who may be told: PD1-11 (table 0215), PD1-12, and the restrictions of ARV (v2.7 on). None has a published row.

    In `meta.security`, a field of its own: a later message that says nothing of it never takes it away.
    """
    labels: list[Json] = []
    for segment in extra:
        if segment.name == "PD1":
            labels += _told(segment)
            if null(segment, 11) or null(segment, 12):
                cleared.append("meta")
        elif segment.name == "ARV" and text_of(segment, 2) != "D":
            labels += [_label(rep, "HL70717") for rep in reps(segment, 3) if part(rep, 1)]
    if labels:
        body["meta"] = {"security": labels}


def _told(pd1: Segment) -> list[Json]:
    labels = [_label(rep, "HL70215") for rep in reps(pd1, 11)[:1] if part(rep, 1)]
    if (hidden := text_of(pd1, 12)) in ("Y", "N"):
        code, display = ("R", "restricted") if hidden == "Y" else ("N", "normal")
        labels.append({"system": _CONFIDENTIALITY, "code": code, "display": display})
    return labels


def _label(rep: Rep, table: str) -> Json:
    return coding(part(rep, 1), joined(rep, 2), part(rep, 3) or table)


def _importance(pv1: Segment) -> list[Json]:
    if not is_valued(pv1, 16) or not (value := concept(first_rep(pv1, 16))):
        return []
    return [{"url": _EXTENSION + "patient-importance", "valueCodeableConcept": value}]


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
    """A24 (link) and A37 (unlink): two PIDs in one message; the first is the one the second is read with.

    An unlink does not say which of the two was absorbed: it takes the link back in either direction.
    """
    ids = [patient_id(reading, pid) for pid in pids[:2]]
    if len(ids) < 2 or ids[0] is None or ids[1] is None or ids[0] == ids[1]:
        reading.problem("PID[2]", "a link that does not name two patients", hint="Ask registration which two.")
        return
    reading.claim(f"{pids[1].path}.{op}", "Patient", ids[1], {"into": ids[0]}, op=op, patient=ids[1])
    if op is Op.UNLINK:
        reading.claim(f"{pids[0].path}.{op}", "Patient", ids[0], {"into": ids[1]}, op=op, patient=ids[0])
