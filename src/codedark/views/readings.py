"""R4 bodies read into cards. Pure: a body in, a section and a card out.

`card_of(type, id, body)` knows the resource types that show in a chart; all others are kept as claims only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from codedark.views import listings, papers
from codedark.views.cards import (
    AllergyCard,
    Card,
    ConditionCard,
    EncounterCard,
    LocationCard,
    ObservationCard,
    OrderCard,
    PatientCard,
    ReportCard,
)
from codedark.views.codings import (
    at,
    codes,
    first_code,
    human,
    is_only_echo,
    marked,
    moment,
    number,
    quantity,
    ratio,
    remarks,
    shown,
    span,
    target,
    text,
    texts,
)
from codedark.views.drugs import administration, drug, medication
from codedark.views.expected import mother_of, visit_dates
from codedark.views.schema import Section

Body = dict[str, Any]

PANEL = "urn:codedark:panel"
"""The extension under which an HL7 result carries the name of its panel."""
CODE_STATUS = frozenset({"81351-9", "85658-3", "45473-6", "75773-2"})
WEIGHT = frozenset({"29463-7", "3141-9", "3142-7"})
SUB_ID = "http://hl7.org/fhir/StructureDefinition/observation-v2-subid"
VITALS = WEIGHT | frozenset(
    [
        "8867-4",
        "9279-1",
        "8480-6",
        "8462-4",
        "8478-0",
        "85354-9",
        "8310-5",
        "8331-1",
        "2708-6",
        "59408-5",
        "8302-2",
        "39156-5",
        "72514-3",
        "9269-2",
        "3151-8",
        "3150-6",
        "80288-4",
        "67775-7",
        "8287-5",
        "96607-7",
    ]
)
_ABSENT_ALLERGY = frozenset({"716186003", "409137002", "428607008", "429625007", "NKA", "NKDA", "NKFA", "160244002"})
_ABSENT_ALLERGY_TEXT = re.compile(r"^\s*(nka|nkda|nkfa|no known|none known|no allerg)", re.I)
_CRITICAL_FLAGS = frozenset({"HH", "LL", "AA", "CR", "HU", "LU"})
_STANDINGS = {
    "registered": "registered",
    "preliminary": "preliminary",
    "final": "final",
    "corrected": "corrected",
    "amended": "corrected",
    "entered-in-error": "withdrawn",
    "cancelled": "withdrawn",
}
_HERE = frozenset({"arrived", "triaged", "in-progress", "onleave"})
_GONE = frozenset({"finished", "cancelled", "entered-in-error", "planned"})


def card_of(type_: str, id_: str, body: Body, claimed_us: int | None = None) -> tuple[Section, Card] | None:
    """The section and card of a resource, or None when it shows nowhere in a chart. Raises one of
    `codings.UNREADABLE` for a body that is not shaped like R4."""
    reader = _READERS.get(type_)
    return None if reader is None else reader(id_, body, claimed_us)


def bed_of(body: Body) -> tuple[str, str, str] | None:
    """(unit, room, bed) of the place that an Encounter names last as active, from an identifier of PL components
    ("UNIT^ROOM^BED^FACILITY"); None when there is none: see `locations_of`."""
    for location in reversed(_places(body)):
        value = str((location.get("identifier") or {}).get("value") or "")
        if "^" in value:
            unit, room, bed = ([*value.split("^"), "", ""])[:3]
            # A place that only has words is a unit of that name.
            return (unit or str(location.get("display") or ""), room, bed)
    return None


def locations_of(body: Body) -> tuple[tuple[str, str], ...]:
    """(id of a Location or "", display) of the places that an Encounter points to as active."""
    # The bare words: a doubtful letter must not make a second ward of one.
    named = ((target(location), str(location.get("display") or "")) for location in _places(body))
    return tuple((id_, display) for id_, display in named if id_ or display)


def _places(body: Body) -> list[Body]:
    listed = (place for place in body.get("location") or () if place.get("status") in (None, "active"))
    return [place.get("location") or {} for place in listed]


def _patient(id_: str, body: Body, _: int | None) -> tuple[Section, Card] | None:
    family, given, name = human(body.get("name"))
    numbered = [
        (str(identifier["value"]), "MR" in codes(identifier.get("type")))
        for identifier in body.get("identifier") or ()
        if identifier.get("value")
    ]
    mrn = next((value for value, is_mrn in numbered if is_mrn), numbered[0][0] if numbered else "")
    return Section.PATIENT, PatientCard(
        id_,
        family=family,
        given=given,
        name=name,
        birth=str(body.get("birthDate") or ""),
        sex=str(body.get("gender") or ""),
        mrn=mrn,
        numbers=tuple(value for value, _ in numbered),
        language=texts(each.get("language") for each in body.get("communication") or ()),
        interpreter=listings.interpreter(body),
        mother=mother_of(body),
    )


def _encounter(id_: str, body: Body, _: int | None) -> tuple[Section, Card] | None:
    status = str(body.get("status") or "")
    if status == "entered-in-error":
        return None
    period = body.get("period") or {}
    start, end = moment(period, "start"), moment(period, "end")
    where = bed_of(body)
    class_ = body.get("class") or {}
    return Section.ENCOUNTER, EncounterCard(
        id_,
        visit=next((str(each["value"]) for each in body.get("identifier") or () if each.get("value")), ""),
        status=status,
        kind=str(class_.get("code") or text(class_)),
        where=where,
        locations=() if where else locations_of(body),
        attending=_attending(body),
        admitted=start,
        discharged=end,
        active=status in _HERE or (status not in _GONE and end is None),
        at_us=at(start),
        precautions=listings.precautions(body),
        needs=texts((body.get("hospitalization") or {}).get("specialArrangement")),
        agenda=visit_dates(body),
    )


def _attending(body: Body) -> str:
    listed = body.get("participant") or ()
    for participant in listed:
        if any("ATND" in codes(type_) for type_ in participant.get("type") or ()):
            return shown(participant.get("individual"))
    return shown(listed[0].get("individual")) if listed and not listed[0].get("type") else ""


def _allergy(id_: str, body: Body, _: int | None) -> tuple[Section, Card] | None:
    if codes(body.get("verificationStatus")) & {"entered-in-error", "refuted"}:
        return None
    substance, coded = text(body.get("code")), codes(body.get("code"))
    reactions = [
        texts(reaction.get("manifestation")) or str(reaction.get("description") or "")
        for reaction in body.get("reaction") or ()
    ]
    return Section.ALLERGY, AllergyCard(
        id_,
        substance=substance or "substance not named",
        reactions=tuple(filter(None, reactions)),
        criticality=_criticality(body),
        kind=", ".join(str(each) for each in body.get("category") or ()),
        none_known=bool(coded & _ABSENT_ALLERGY) or bool(_ABSENT_ALLERGY_TEXT.match(substance)),
        note=next(iter(codes(body.get("clinicalStatus")) & {"inactive", "resolved"}), ""),
        since=moment(body, "onsetDateTime", "recordedDate"),
    )


def _criticality(body: Body) -> str:
    said = str(body.get("criticality") or "")
    return said if said in ("high", "low") else ""


def _observation(id_: str, body: Body, _: int | None) -> tuple[Section, Card] | None:
    coded = codes(body.get("code"))
    value, unit = value_of(body)
    flag = _flag(body.get("interpretation"))
    standing = _STANDINGS.get(str(body.get("status") or ""), str(body.get("status") or ""))
    when = moment(body, "effectiveDateTime", "effectiveInstant") or moment(body.get("effectivePeriod") or {}, "start")
    card = ObservationCard(
        id_,
        code=first_code(body.get("code")),
        name=_numbered_name(body),
        value=value,
        unit=unit,
        reference=_reference(body.get("referenceRange")),
        flag=flag,
        critical=flag.upper() in _CRITICAL_FLAGS,
        standing=standing,
        when=when or moment(body, "issued"),
        group=_group(body),
        comment=remarks(body.get("note")),
    )
    card.at_us = at(card.when)
    return _observation_section(card, coded, body), card


def _numbered_name(body: Body) -> str:
    """The name of a result; with its sub-id where that tells isolates, sites or twins of one panel apart."""
    name = text(body.get("code"))
    for extension in body.get("extension") or ():
        if extension.get("url") == SUB_ID:
            for part in extension.get("extension") or ():
                if said := part.get("valueString"):
                    return f"{name} ({said})"
    return name


def _observation_section(card: ObservationCard, coded: frozenset[str], body: Body) -> Section:
    if coded & CODE_STATUS or "isolation" in card.name.lower():
        return Section.TRAIT
    if coded & VITALS or any("vital-signs" in codes(category) for category in body.get("category") or ()):
        return Section.VITAL
    return Section.CRITICAL if card.critical and card.standing != "withdrawn" else Section.RESULT


def _flag(interpretation: Any) -> str:
    for concept in interpretation or ():
        for coding in concept.get("coding") or ():
            if coding.get("code"):
                return str(coding["code"])
        if concept.get("text"):
            return str(concept["text"])
    return ""


def _panel(body: Body) -> str:
    for extension in body.get("extension") or ():
        if extension.get("url") == PANEL and extension.get("valueString"):
            return str(extension["valueString"])
    return ""


def _group(body: Body) -> str:
    if named := _panel(body):
        return named
    for category in body.get("category") or ():
        if (said := text(category)) and "laboratory" not in said.lower():
            return said
    return ""


def value_of(body: Body) -> tuple[str, str]:
    """(value, unit) of an Observation or component as words."""
    if "valueQuantity" in body:
        return quantity(body["valueQuantity"])
    for field in ("valueString", "valueDateTime", "valueTime", "valueInteger"):
        if field in body:
            return marked(number(body[field]), body.get("_" + field)), ""
    if "valueCodeableConcept" in body:
        return text(body["valueCodeableConcept"]), ""
    if "valueBoolean" in body:
        return ("yes" if body["valueBoolean"] else "no"), ""
    if "valueRange" in body:
        return span(body["valueRange"]), ""
    if "valueRatio" in body:
        return ratio(body["valueRatio"]), ""
    if "valuePeriod" in body:
        ends = (moment(body["valuePeriod"], "start"), moment(body["valuePeriod"], "end"))
        return " to ".join("" if end is None else end.iso for end in ends).strip(), ""
    if body.get("component"):
        return _components(body["component"]), ""
    for extension in body.get("extension") or ():
        if extension.get("valueAttachment"):
            return papers.attached(extension["valueAttachment"]), ""
    absent = text(body.get("dataAbsentReason"))
    return (f"unknown ({absent})" if absent else ""), ""


def _components(components: list[Body]) -> str:
    by_code = {code: part for part in components for code in codes(part.get("code"))}
    if "8480-6" in by_code and "8462-4" in by_code:
        high, low = value_of(by_code["8480-6"]), value_of(by_code["8462-4"])
        return f"{high[0]}/{low[0]} {high[1] or low[1]}".rstrip()
    return "; ".join(" ".join(filter(None, (text(part.get("code")), *value_of(part)))) for part in components)


def _reference(ranges: Any) -> str:
    for each in ranges or ():
        if each.get("text"):
            return str(each["text"])
        if limits := span({"low": each.get("low"), "high": each.get("high")}):
            return limits
    return ""


def _report(id_: str, body: Body, _: int | None) -> tuple[Section, Card] | None:
    if body.get("status") == "entered-in-error":
        return None
    when = moment(body, "effectiveDateTime", "issued") or moment(body.get("effectivePeriod") or {}, "start")
    words = [
        str(body.get("conclusion") or ""),
        *(papers.attached(form) for form in body.get("presentedForm") or ()),
        *(str((each.get("valueAnnotation") or {}).get("text") or "") for each in body.get("extension") or ()),
    ]
    return Section.REPORT, ReportCard(
        id_,
        name=_panel(body) or text(body.get("code")),
        results=tuple(target(each) for each in body.get("result") or ()),
        text="\n\n".join(filter(None, words)),
        when=when,
        at_us=at(when),
        author=", ".join(filter(None, (shown(each) for each in body.get("performer") or ()))),
    )


def _condition(id_: str, body: Body, _: int | None) -> tuple[Section, Card] | None:
    if codes(body.get("verificationStatus")) & {"entered-in-error", "refuted"}:
        return None
    since = moment(body, "onsetDateTime", "recordedDate") or moment(body.get("onsetPeriod") or {}, "start")
    return Section.CONDITION, ConditionCard(
        id_,
        name=text(body.get("code")),
        status=next(iter(sorted(codes(body.get("clinicalStatus")))), ""),
        since=since,
        at_us=at(since),
    )


def _order(id_: str, body: Body, _: int | None) -> tuple[Section, Card] | None:
    if body.get("status") == "entered-in-error":
        return None
    if "code" not in body and is_only_echo(body):
        return None
    repeated = body.get("occurrenceTiming") or {}
    when = moment(body, "occurrenceDateTime")
    when = (
        when or moment((repeated.get("repeat") or {}).get("boundsPeriod") or {}, "start") or moment(body, "authoredOn")
    )
    return Section.ORDER, OrderCard(
        id_,
        name=_ordered(body, _often(text(repeated.get("code")))),
        status=str(body.get("status") or ""),
        priority=str(body.get("priority") or ""),
        when=when,
        at_us=at(when),
        by=shown(body.get("requester")),
    )


def _ordered(body: Body, often: str) -> str:
    """What was ordered, how often, and what was said with it: danger, how it is fetched, why it was stopped."""
    said = [remarks(body.get("note"))]
    for extension in body.get("extension") or ():
        if str(extension.get("url")).endswith("/request-statusReason"):
            said.append(f"reason: {text(extension.get('valueCodeableConcept'))}")
    return " · ".join(filter(None, (", ".join(filter(None, (text(body.get("code")), often))), *said)))


def _often(pattern: str) -> str:
    """How often, unless it is once: that goes without saying."""
    return "" if "once" in pattern.casefold() else pattern


def _flag_resource(id_: str, body: Body, _: int | None) -> tuple[Section, Card] | None:
    if str(body.get("status") or "active") != "active":
        return None
    when = moment(body.get("period") or {}, "start")
    group = texts(body.get("category"))
    name = f"{group} {text(body.get('code'))}" if "isolation" in group.lower() else text(body.get("code"))
    section = Section.TRAIT if "isolation" in name.lower() else Section.CONDITION
    if section is Section.CONDITION:
        return section, ConditionCard(id_, name=name, status="active", since=when, at_us=at(when))
    return section, ObservationCard(
        id_, name="isolation", value=text(body.get("code")), standing="final", when=when, at_us=at(when)
    )


def _location(id_: str, body: Body, _: int | None) -> tuple[Section, Card] | None:
    return Section.LOCATION, LocationCard(
        id_,
        name=str(body.get("name") or ""),
        kind=next(iter(sorted(codes(body.get("physicalType")))), ""),
        parent=target(body.get("partOf")),
        active=body.get("status") != "inactive",
    )


_READERS: dict[str, Callable[[str, Body, int | None], tuple[Section, Card] | None]] = {
    "Patient": _patient,
    "Encounter": _encounter,
    "AllergyIntolerance": _allergy,
    "Observation": _observation,
    "MedicationRequest": medication,
    "MedicationAdministration": administration,
    "Medication": drug,
    "DiagnosticReport": _report,
    "Condition": _condition,
    "ServiceRequest": _order,
    "DocumentReference": papers.document,
    "Composition": papers.composition,
    "Communication": papers.message,
    "Flag": _flag_resource,
    "Location": _location,
    "Appointment": listings.appointment,
    "Goal": listings.goal,
    "Procedure": listings.procedure,
    "Immunization": listings.immunization,
    "MedicationDispense": listings.dispense,
    "Specimen": listings.specimen,
}
