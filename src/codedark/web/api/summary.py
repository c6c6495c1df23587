"""`Patient/$summary`: one patient as an International Patient Summary document (HL7 IPS 2.0.0).

Mandatory sections are problems, allergies and medications; each has entries or says why it has none, never an empty
box. "None known" is only said where somebody said it: what was never heard, or could not be read, is `unavailable`
with the words for it. Everything a section names is in the document, and so is what that points at.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from html import escape
from typing import Any, NamedTuple

from codedark.actions import read_by_program
from codedark.errors import NotFound
from codedark.fhir import decode, encode, parse_reference
from codedark.views import AllergyState, Chart, Held, Whose
from codedark.web.api.asking import Call, Reply
from codedark.web.api.dressing import instant
from codedark.web.api.outcome import Declined
from codedark.web.api.query import unknown_words
from codedark.web.api.searching import dressed
from codedark.web.ink import visible

Json = dict[str, Any]

MOST_EACH = 100
"""Entries of a section, the newest; a section that has more says how many are left out."""
_POINTED = 500
_IPS = "http://hl7.org/fhir/uv/ips/StructureDefinition"
_LOINC = "http://loinc.org"
_EMPTY = "http://terminology.hl7.org/CodeSystem/list-empty-reason"
_KNOWN = frozenset({"_format", "_pretty", "profile"})
_SPACE = uuid.UUID("5a7c1a0e-6a5e-5d5f-9c39-6f2f5f0a3c11")


class Section(NamedTuple):
    """`takes`: which resources stand in it; `mandatory`: it is there even when it has none."""

    title: str
    loinc: str
    types: frozenset[str]
    takes: Callable[[Json], bool]
    mandatory: bool = False


def _codes(value: Any) -> set[str]:
    codings = value.get("coding") if isinstance(value, dict) else None
    return {str(each.get("code")) for each in codings or () if isinstance(each, dict)}


def _stands(body: Json) -> bool:
    return not _codes(body.get("verificationStatus")) & {"entered-in-error", "refuted"}


def _present(body: Json) -> bool:
    return _stands(body) and not _codes(body.get("clinicalStatus")) & {"inactive", "resolved", "remission"}


def _past(body: Json) -> bool:
    return _stands(body) and bool(_codes(body.get("clinicalStatus")) & {"inactive", "resolved", "remission"})


def _taken(body: Json) -> bool:
    return body.get("status") in ("active", "on-hold", "unknown", "intended", None)


def _done(body: Json) -> bool:
    return body.get("status") not in ("entered-in-error", "not-done", "cancelled", "draft")


def _vital(body: Json) -> bool:
    categories = body.get("category")
    listed = categories if isinstance(categories, list) else []
    return _done(body) and any("vital-signs" in _codes(each) for each in listed)


def _result(body: Json) -> bool:
    return _done(body) and not _vital(body)


SECTIONS = (
    Section("Problems", "11450-4", frozenset({"Condition"}), _present, True),
    Section("Allergies and intolerances", "48765-2", frozenset({"AllergyIntolerance"}), _present, True),
    Section("Medications", "10160-0", frozenset({"MedicationRequest", "MedicationStatement"}), _taken, True),
    Section("Immunizations", "11369-6", frozenset({"Immunization"}), _done),
    Section("Results", "30954-2", frozenset({"Observation", "DiagnosticReport"}), _result),
    Section("Vital signs", "8716-3", frozenset({"Observation"}), _vital),
    Section("Procedures", "47519-4", frozenset({"Procedure"}), _done),
    Section("Past illnesses", "11348-0", frozenset({"Condition"}), _past),
)
_NEEDED = frozenset().union(*(each.types for each in SECTIONS))


def answer(call: Call, patient: str, facility: str) -> Reply:
    """The document. Raises `Declined`, NotFound, ActionRefused, AppendFailed."""
    unknown = [name for name, _ in call.asked.pairs if name not in _KNOWN]
    if unknown and call.asked.strict():
        raise Declined(400, "not-supported", unknown_words(unknown))
    whose = call.holdings.whose(patient)
    person = call.holdings.one("Patient", whose.patient)
    read_by_program(call.deeds, call.session, [whose])
    chart = call.record.chart(whose.patient)
    every = sorted(call.holdings.read(call.holdings.keys(whose.pids), _NEEDED), key=_newest)
    bodies = {(held.type, held.id): decode(held.body) for held in every}
    sections, shown = [], {(person.type, person.id): person}
    for section in SECTIONS:
        takes = [h for h in every if h.type in section.types and section.takes(bodies[h.type, h.id])]
        if takes or section.mandatory:
            sections.append(_section(section, takes, bodies, chart))
            shown.update({(each.type, each.id): each for each in takes[:MOST_EACH]})
    return Reply(200, _document(call, chart, whose, facility, sections, _closed(call, whose, shown)))


def _newest(held: Held) -> tuple[int, int]:
    return -held.recorded_us, held.key


def _document(
    call: Call, chart: Chart, whose: Whose, facility: str, sections: list[Json], shown: Iterable[Held]
) -> bytes:  # fmt: skip
    name = f"{whose.patient}/{chart.as_of.position}/{call.dresser.now_us}"
    ids = {kind: str(uuid.uuid5(_SPACE, f"{name}/{kind}")) for kind in ("Bundle", "Composition", "Device")}
    device = {
        "resourceType": "Device", "id": ids["Device"], "manufacturer": "codedark", "owner": {"display": facility},
        "deviceName": [{"name": "last-known record of an outage", "type": "user-friendly-name"}],
    }  # fmt: skip
    composition = _composition(call, chart, whose, facility, sections, ids)
    own = [
        {"fullUrl": call.link(f"{each['resourceType']}/{each['id']}"), "resource": each}
        for each in (composition, device)
    ]
    rest = [b'{"fullUrl":' + encode(call.link(f"{h.type}/{h.id}")) + b',"resource":' + dressed(call, h) + b"}"
            for h in shown]  # fmt: skip
    head = {
        "resourceType": "Bundle",
        "id": ids["Bundle"],
        "meta": {"profile": [f"{_IPS}/Bundle-uv-ips"]},
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{ids['Bundle']}"},
        "type": "document",
        "timestamp": instant(call.dresser.now_us),
    }
    entries = [encode(own[0]), *rest, encode(own[1])]
    return encode(head)[:-1] + b',"entry":[' + b",".join(entries) + b"]}"


def _composition(
    call: Call, chart: Chart, whose: Whose, facility: str, sections: list[Json], ids: dict[str, str]
) -> Json:  # fmt: skip
    heard = chart.as_of.recorded_at_us
    as_of = instant(heard) if heard is not None else "never heard"
    return {
        "resourceType": "Composition",
        "id": ids["Composition"],
        "meta": {"profile": [f"{_IPS}/Composition-uv-ips"]},
        "text": _narrative([f"Last-known record, as of {as_of}. Not a live record."]),
        "status": "final",
        "type": {"coding": [{"system": _LOINC, "code": "60591-5", "display": "Patient summary Document"}]},
        "subject": {"reference": f"Patient/{whose.patient}"},
        "date": instant(call.dresser.now_us),
        "author": [{"reference": f"Device/{ids['Device']}"}],
        "title": f"Patient summary from the last-known record of {facility}, as of {as_of}",
        "confidentiality": "N",
        "section": sections,
    }


def _section(section: Section, takes: list[Held], bodies: dict[tuple[str, str], Json], chart: Chart) -> Json:
    told: Json = {"title": section.title, "code": {"coding": [{"system": _LOINC, "code": section.loinc}]}}
    lines = [_named(bodies[held.type, held.id]) for held in takes[:MOST_EACH]]
    if len(takes) > MOST_EACH:
        lines.append(f"{len(takes) - MOST_EACH} older ones are left out here.")
    if section.mandatory and (unsure := _unsure(section, takes, chart)):
        lines.append(unsure)
    told["text"] = _narrative(lines)
    if takes:
        told["entry"] = [{"reference": f"{held.type}/{held.id}"} for held in takes[:MOST_EACH]]
    else:
        told["emptyReason"] = {
            "coding": [{"system": _EMPTY, "code": "unavailable", "display": "Unavailable"}],
            "text": lines[-1],
        }
    return told


def _unsure(section: Section, takes: list[Held], chart: Chart) -> str:
    """What the reader must know of a mandatory section, "" when nothing."""
    of_allergies = "AllergyIntolerance" in section.types
    if of_allergies and chart.allergy_state is AllergyState.COULD_NOT_BE_READ:
        return "Something about allergies was heard and could not be read. Ask the patient."
    if chart.unread or chart.held_back:
        count = chart.unread + chart.held_back
        return f"{count} items about this patient could not be read or are held back: this list may lack some."
    if takes:
        return ""
    if of_allergies:
        return "Allergies are not recorded: nobody said that there are none. Ask the patient."
    return "None is recorded here; whether there is any is not known."


def _named(body: Json) -> str:
    """A resource in one line: its code as text, else a name of it, else its code."""
    for name in ("code", "vaccineCode", "medicationCodeableConcept"):
        concept = body.get(name)
        if isinstance(concept, dict):
            listed = concept.get("coding")
            codings = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
            told = [each.get(part) for part in ("display", "code") for each in codings]
            found = next((str(each) for each in (concept.get("text"), *told) if each), "")
            if found:
                return found
    pointed = body.get("medicationReference")
    named = pointed.get("display") if isinstance(pointed, dict) else None
    return str(named) if named else "an entry without a name"


def _narrative(lines: Iterable[str]) -> Json:
    items = "".join(f"<li>{escape(visible(line))}</li>" for line in lines)
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><ul>{items}</ul></div>'}


def _closed(call: Call, whose: Whose, shown: dict[tuple[str, str], Held]) -> list[Held]:
    """With what they point at, as far as it is held and belongs to this patient or to nobody."""
    ahead = list(shown.values())
    while ahead and len(shown) < _POINTED + len(SECTIONS) * MOST_EACH:
        held = ahead.pop()
        for type_, id_ in _pointed(decode(held.body)):
            if (type_, id_) in shown:
                continue
            try:
                found = call.holdings.one(type_, id_)
            except NotFound:
                continue
            if found.pid == 0 or found.pid in whose.pids:
                shown[type_, id_] = found
                ahead.append(found)
    return list(shown.values())


def _pointed(value: Any) -> Iterable[tuple[str, str]]:
    if isinstance(value, list):
        for each in value:
            yield from _pointed(each)
    elif isinstance(value, dict):
        reference = value.get("reference")
        found = parse_reference(reference) if isinstance(reference, str) else None
        if found is not None and found.type:
            yield found.type, found.id
        for each in value.values():
            if isinstance(each, (dict, list)):
                yield from _pointed(each)
