"""Which resource types are answered and by which parameters they are searched: one table, from which the search, the
includes and the CapabilityStatement are made.

The parameters are those of US Core 6.1.0 (USCDI v3) with R4 4.0.1's own where US Core names none; `patient` and
`subject` are answered by whose resource it is, so that a merged record is found under either id.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """R4 search parameter types (search.html#ptypes)."""

    TOKEN = "token"  # nosec B105 - a type of search parameter
    STRING = "string"
    DATE = "date"
    REFERENCE = "reference"


class Parameter(NamedTuple):
    """`paths`: where its values stand in the resource, dots between names; lists are looked through."""

    kind: Kind
    paths: tuple[str, ...]


def _token(*paths: str) -> Parameter:
    return Parameter(Kind.TOKEN, paths)


def _text(*paths: str) -> Parameter:
    return Parameter(Kind.STRING, paths)


def _date(*paths: str) -> Parameter:
    return Parameter(Kind.DATE, paths)


def _to(*paths: str) -> Parameter:
    return Parameter(Kind.REFERENCE, paths)


OWNERS = ("patient", "subject")
"""Answered by whose the resource is."""
_CODE, _STATUS, _CATEGORY = _token("code"), _token("status"), _token("category")
_VISIT, _ADDRESS = _to("encounter"), ("address.text", "address.line", "address.city", "address.postalCode")
_IDENTIFIER, _PERSON = _token("identifier"), _text("name.text", "name.family", "name.given", "name.prefix")

TYPES: dict[str, dict[str, Parameter]] = {
    "Patient": {
        "identifier": _IDENTIFIER, "name": _PERSON, "family": _text("name.family"), "given": _text("name.given"),
        "birthdate": _date("birthDate"), "gender": _token("gender"), "death-date": _date("deceasedDateTime"),
        "general-practitioner": _to("generalPractitioner"),
    },
    "AllergyIntolerance": {
        "clinical-status": _token("clinicalStatus"), "verification-status": _token("verificationStatus"),
        "code": _token("code", "reaction.substance"), "category": _CATEGORY, "criticality": _token("criticality"),
        "date": _date("recordedDate"),
    },
    "Appointment": {
        "status": _STATUS, "date": _date("start"), "identifier": _IDENTIFIER, "actor": _to("participant.actor"),
    },
    "CarePlan": {"category": _CATEGORY, "date": _date("period"), "status": _STATUS, "encounter": _VISIT},
    "CareTeam": {"status": _STATUS, "role": _token("participant.role"), "participant": _to("participant.member")},
    "Condition": {
        "category": _CATEGORY, "clinical-status": _token("clinicalStatus"), "code": _CODE, "encounter": _VISIT,
        "onset-date": _date("onsetDateTime", "onsetPeriod"), "recorded-date": _date("recordedDate"),
        "abatement-date": _date("abatementDateTime", "abatementPeriod"),
        "verification-status": _token("verificationStatus"), "asserter": _to("asserter"),
    },
    "Consent": {"status": _STATUS, "category": _CATEGORY, "date": _date("dateTime")},
    "Coverage": {"status": _STATUS, "type": _token("type"), "payor": _to("payor")},
    "Device": {"type": _token("type"), "status": _STATUS, "identifier": _IDENTIFIER},
    "DiagnosticReport": {
        "category": _CATEGORY, "code": _CODE, "date": _date("effectiveDateTime", "effectivePeriod"),
        "status": _STATUS, "issued": _date("issued"), "identifier": _IDENTIFIER, "encounter": _VISIT,
        "result": _to("result"), "specimen": _to("specimen"), "performer": _to("performer"),
    },
    "DocumentReference": {
        "category": _CATEGORY, "date": _date("date"), "period": _date("context.period"), "status": _STATUS,
        "type": _token("type"), "identifier": _token("masterIdentifier", "identifier"),
        "encounter": _to("context.encounter"), "author": _to("author"),
    },
    "Encounter": {
        "class": _token("class"), "date": _date("period"), "identifier": _IDENTIFIER, "status": _STATUS,
        "type": _token("type"), "location": _to("location.location"),
        "discharge-disposition": _token("hospitalization.dischargeDisposition"),
        "participant": _to("participant.individual"), "service-provider": _to("serviceProvider"),
    },
    "EpisodeOfCare": {"status": _STATUS, "type": _token("type"), "date": _date("period")},
    "FamilyMemberHistory": {"status": _STATUS, "code": _token("condition.code"), "date": _date("date")},
    "Flag": {"date": _date("period"), "encounter": _VISIT},
    "Goal": {
        "lifecycle-status": _token("lifecycleStatus"), "description": _token("description"),
        "target-date": _date("target.dueDate"),
    },
    "Immunization": {
        "date": _date("occurrenceDateTime"), "status": _STATUS, "vaccine-code": _token("vaccineCode"),
        "lot-number": _text("lotNumber"), "identifier": _IDENTIFIER,
    },
    "Location": {"name": _text("name", "alias"), "address": _text(*_ADDRESS), "identifier": _IDENTIFIER,
                 "status": _STATUS, "partof": _to("partOf")},
    "Media": {"status": _STATUS, "created": _date("createdDateTime", "createdPeriod")},
    "Medication": {"code": _CODE, "identifier": _IDENTIFIER, "status": _STATUS},
    "MedicationAdministration": {
        "status": _STATUS, "effective-time": _date("effectiveDateTime", "effectivePeriod"),
        "code": _token("medicationCodeableConcept"), "request": _to("request"), "context": _to("context"),
        "medication": _to("medicationReference"), "performer": _to("performer.actor"), "identifier": _IDENTIFIER,
    },
    "MedicationDispense": {
        "status": _STATUS, "type": _token("type"), "whenhandedover": _date("whenHandedOver"),
        "prescription": _to("authorizingPrescription"), "medication": _to("medicationReference"),
    },
    "MedicationRequest": {
        "authoredon": _date("authoredOn"), "encounter": _VISIT, "intent": _token("intent"), "status": _STATUS,
        "code": _token("medicationCodeableConcept"), "medication": _to("medicationReference"),
        "requester": _to("requester"), "identifier": _IDENTIFIER,
    },
    "MedicationStatement": {
        "status": _STATUS, "effective": _date("effectiveDateTime", "effectivePeriod"),
        "code": _token("medicationCodeableConcept"), "medication": _to("medicationReference"),
    },
    "NutritionOrder": {"status": _STATUS, "datetime": _date("dateTime"), "encounter": _VISIT},
    "Observation": {
        "category": _CATEGORY, "code": _CODE, "status": _STATUS, "encounter": _VISIT, "identifier": _IDENTIFIER,
        "date": _date("effectiveDateTime", "effectivePeriod", "effectiveInstant"), "specimen": _to("specimen"),
        "combo-code": _token("code", "component.code"), "has-member": _to("hasMember"),
        "performer": _to("performer"), "based-on": _to("basedOn"),
    },
    "Organization": {"name": _text("name", "alias"), "address": _text(*_ADDRESS), "identifier": _IDENTIFIER},
    "Practitioner": {"name": _PERSON, "identifier": _IDENTIFIER, "family": _text("name.family")},
    "PractitionerRole": {
        "practitioner": _to("practitioner"), "organization": _to("organization"), "specialty": _token("specialty"),
    },
    "Procedure": {
        "code": _CODE, "status": _STATUS, "encounter": _VISIT, "identifier": _IDENTIFIER,
        "date": _date("performedDateTime", "performedPeriod"), "category": _CATEGORY,
    },
    "Provenance": {"target": _to("target"), "recorded": _date("recorded"), "agent": _to("agent.who")},
    "QuestionnaireResponse": {
        "status": _STATUS, "authored": _date("authored"), "encounter": _VISIT, "author": _to("author"),
    },
    "RelatedPerson": {"name": _PERSON, "relationship": _token("relationship"), "identifier": _IDENTIFIER},
    "ServiceRequest": {
        "authored": _date("authoredOn"), "category": _CATEGORY, "code": _CODE, "status": _STATUS,
        "encounter": _VISIT, "intent": _token("intent"), "identifier": _IDENTIFIER, "requester": _to("requester"),
        "occurrence": _date("occurrenceDateTime", "occurrencePeriod"),
    },
    "Specimen": {"type": _token("type"), "identifier": _IDENTIFIER, "collected": _date("collection.collectedDateTime")},
}  # fmt: skip
"""Type → its own parameters. `_id`, `_lastUpdated`, and the owner where there is one, come in addition."""
UNOWNED = frozenset({"Location", "Medication", "Organization", "Practitioner", "PractitionerRole"})
"""Types that belong to no patient: searched without naming one."""
BY_TARGET = "Provenance"
"""R4 gives it no patient, only targets: those of a match are looked for among the newest."""
COMMON = {"_id": Kind.TOKEN, "_lastUpdated": Kind.DATE}


def owned(type_: str) -> bool:
    """Whether a search of this type names a patient."""
    return type_ not in UNOWNED and type_ != "Patient"


def references(type_: str) -> dict[str, Parameter]:
    """The parameters of a type that lead to other resources: what `_include` knows."""
    return {name: each for name, each in TYPES.get(type_, {}).items() if each.kind is Kind.REFERENCE}
