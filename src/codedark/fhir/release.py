"""Which release of FHIR a resource is written in, told by its own form.

R4 (4.0.1) is what is read. R4B (4.3.0) gave every clinical resource the form it has in R4, so it is read as R4. In R5
and STU3 elements moved: the drug of an R5 MedicationRequest stands in `medication`, where an R4 reader finds no drug.
A resource that shows such a form is told apart whole, so that nobody reads half of it. A member that a release only
added tells nothing: it is kept as any unknown member is.

Source: R5 5.0.0 and R4 4.0.1, diff.html of each resource; STU3 3.0.2, and "R3 Diff" of R4 4.0.1. The forms were drawn
from the difference of machine-readable definitions of the three releases, then cut to those that move a meaning.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

READ_RELEASES = ("4.0", "4.3")
"""R4 and R4B, as the first two parts of a `fhirVersion`."""
_NAMES = {"1.0": "DSTU2", "3.0": "STU3", "4.0": "R4", "4.3": "R4B", "5.0": "R5", "6.0": "R6"}
_PROFILE = re.compile(
    r"http://hl7\.org/fhir/(?:(\d\.\d)/StructureDefinition/[A-Za-z]+|StructureDefinition/[A-Za-z]+\|(\d\.\d)[\w.-]*)\Z"
)

Shows = Callable[[Any], bool]


def release_name(version: str) -> str:
    """What people call a `fhirVersion`: "5.0.0" is "R5"; the version itself when it has no name."""
    return _NAMES.get(".".join(version.split(".")[:2]), version)


def is_read(version: str) -> bool:
    """Whether a `fhirVersion` ("4.0.1", "4.3.0", "5.0.0") is one whose clinical resources are read."""
    return ".".join(version.split(".")[:2]) in READ_RELEASES


def foreign_release(kind: str, body: dict[str, Any]) -> tuple[str, str] | None:
    """(release, the element that shows it) of a resource that is not R4 or R4B; None for one that is, or may be.

    `kind`: the resourceType; `body`: its members. The element is a path of the standard, never content.
    """
    if kind in _FOREIGN_TYPES:
        return _FOREIGN_TYPES[kind], kind
    forms = _FORMS.get(kind)
    if forms is not None and not forms.keys().isdisjoint(body):
        for name in forms.keys() & body.keys():
            for release, shows in forms[name]:
                if shows(body[name]):
                    return release, f"{kind}.{name}"
    return _declared(body.get("meta"))


def _declared(meta: Any) -> tuple[str, str] | None:
    """The release that a base profile in `meta.profile` names, when it is not read."""
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    for profile in profiles if isinstance(profiles, list) else ():
        found = _PROFILE.match(profile) if isinstance(profile, str) else None
        version = (found[1] or found[2]) if found else ""
        if version in _NAMES and not is_read(version):
            return _NAMES[version], "meta.profile"
    return None


def _any(value: Any) -> bool:
    return value is not None


def _list(value: Any) -> bool:
    return isinstance(value, list)


def _object(value: Any) -> bool:
    return isinstance(value, dict)


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _items(value: Any) -> list[dict[str, Any]]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]


def _codeable_reference(value: Any) -> bool:
    """R5 datatype CodeableReference: {"concept": CodeableConcept} or {"reference": Reference}."""
    return any("concept" in item or isinstance(item.get("reference"), dict) for item in _items(value))


def _with(name: str, shows: Shows = _any) -> Shows:
    """Items that have the member `name`, in the form `shows`."""
    return lambda value: any(name in item and shows(item[name]) for item in _items(value))


def _is(*codes: str) -> Shows:
    return lambda value: isinstance(value, str) and value in codes


def _forms(**members: tuple[str, Shows] | list[tuple[str, Shows]]) -> dict[str, list[tuple[str, Shows]]]:
    # `class_` is the member "class".
    return {name.rstrip("_"): form if isinstance(form, list) else [form] for name, form in members.items()}


_R5_ANY, _STU3_ANY, _OLD_STATUS = ("R5", _any), ("STU3", _any), ("STU3", _text)
_R5_LIST, _STU3_OBJECT, _R5_CODEABLE = ("R5", _list), ("STU3", _object), ("R5", _codeable_reference)
_AGENT = ("STU3", _with("agent"))
_EITHER = ("R5 or STU3", _any)

_FORMS: dict[str, dict[str, list[tuple[str, Shows]]]] = {
    "Patient": _forms(name=("DSTU2", _with("family", _list)), animal=_STU3_ANY),
    "Encounter": _forms(
        actualPeriod=_R5_ANY, admission=_R5_ANY, subjectStatus=_R5_ANY, class_=_R5_LIST, serviceType=_R5_LIST,
        participant=("R5", _with("actor")), diagnosis=("R5", _with("condition", _list)),
        location=("R5", _with("form")), reason=_EITHER, incomingReferral=_STU3_ANY,
        status=("R5", _is("discharged", "completed", "discontinued", "on-hold")),
    ),
    "Observation": _forms(
        valueReference=_R5_ANY, component=("R5", _with("valueReference")), context=_STU3_ANY, related=_STU3_ANY,
        comment=_STU3_ANY, interpretation=_STU3_OBJECT,
    ),
    "DiagnosticReport": _forms(
        context=_STU3_ANY, codedDiagnosis=_STU3_ANY, image=_STU3_ANY, category=_STU3_OBJECT,
        performer=("STU3", _with("actor")),
    ),
    "Condition": _forms(
        participant=_R5_ANY, evidence=_R5_CODEABLE, clinicalStatus=_OLD_STATUS, verificationStatus=_OLD_STATUS,
        context=_STU3_ANY, assertedDate=_STU3_ANY, abatementBoolean=_STU3_ANY, stage=_STU3_OBJECT,
    ),
    "Procedure": _forms(
        occurrenceDateTime=_R5_ANY, occurrencePeriod=_R5_ANY, occurrenceString=_R5_ANY, occurrenceAge=_R5_ANY,
        occurrenceRange=_R5_ANY, occurrenceTiming=_R5_ANY, reason=_R5_ANY, used=_R5_ANY, category=_R5_LIST,
        complication=_R5_CODEABLE, context=_STU3_ANY, notDone=_STU3_ANY, notDoneReason=_STU3_ANY,
    ),
    "AllergyIntolerance": _forms(
        participant=_R5_ANY, type=("R5", _object), reaction=("R5", _with("manifestation", _codeable_reference)),
        clinicalStatus=_OLD_STATUS, verificationStatus=_OLD_STATUS, assertedDate=_STU3_ANY,
    ),
    "MedicationRequest": _forms(
        medication=_R5_ANY, reason=_R5_ANY, performer=_R5_LIST, context=_STU3_ANY, requester=_AGENT,
        category=_STU3_OBJECT,
    ),
    "MedicationAdministration": _forms(
        # R5 5.0.0 spells the element "occurence[x]".
        medication=_R5_ANY, occurenceDateTime=_R5_ANY, occurencePeriod=_R5_ANY, occurenceTiming=_R5_ANY,
        occurrenceDateTime=_R5_ANY, occurrencePeriod=_R5_ANY, reason=_R5_ANY, category=_R5_LIST, device=_R5_CODEABLE,
        notGiven=_STU3_ANY, prescription=_STU3_ANY, reasonNotGiven=_STU3_ANY,
    ),
    "MedicationDispense": _forms(
        medication=_R5_ANY, notPerformedReason=_R5_ANY, category=_R5_LIST, notDone=_STU3_ANY,
    ),
    "MedicationStatement": _forms(
        medication=_R5_ANY, adherence=_R5_ANY, reason=_R5_ANY, category=_R5_LIST, informationSource=_R5_LIST,
        taken=_STU3_ANY, reasonNotTaken=_STU3_ANY,
    ),
    "Medication": _forms(
        doseForm=_R5_ANY, totalVolume=_R5_ANY, ingredient=("R5", _with("item")), isBrand=_STU3_ANY, package=_STU3_ANY,
        isOverTheCounter=_STU3_ANY,
    ),
    "ServiceRequest": _forms(
        code=_R5_CODEABLE, reason=_R5_ANY, location=_R5_ANY, orderDetail=("R5", _with("parameter")),
        patientInstruction=_R5_LIST, supportingInfo=_R5_CODEABLE,
    ),
    "Immunization": _forms(
        manufacturer=_R5_CODEABLE, reason=_R5_ANY, notGiven=_STU3_ANY, date=_STU3_ANY, practitioner=_STU3_ANY,
        explanation=_STU3_ANY, vaccinationProtocol=_STU3_ANY,
    ),
    "DocumentReference": _forms(
        context=_R5_LIST, attester=_R5_ANY, event=_R5_ANY, period=_R5_ANY, facilityType=_R5_ANY,
        practiceSetting=_R5_ANY, content=("R5", _with("profile")), class_=_STU3_ANY, created=_STU3_ANY,
        indexed=_STU3_ANY,
    ),
    "Device": _forms(
        name=_R5_ANY, displayName=_R5_ANY, type=_R5_LIST, definition=_R5_CODEABLE, udi=_STU3_ANY, model=_STU3_ANY,
    ),
    "DeviceRequest": _forms(
        code=_R5_ANY, reason=_R5_ANY, performer=_R5_CODEABLE, context=_STU3_ANY, intent=_STU3_OBJECT, requester=_AGENT,
    ),
    "CarePlan": _forms(
        addresses=_R5_CODEABLE, context=_STU3_ANY, author=("STU3", _list),
        activity=("R5", lambda value: _with("performedActivity")(value) or _with("plannedActivityReference")(value)),
    ),
    "CareTeam": _forms(context=_STU3_ANY, participant=("R5 or STU3", _with("role", _object))),
    "Goal": _forms(outcome=_R5_ANY, status=_STU3_ANY, target=_STU3_OBJECT),
    "Coverage": _forms(
        insurer=_R5_ANY, paymentBy=_R5_ANY, insurancePlan=_R5_ANY, subscriberId=_R5_LIST, grouping=_STU3_ANY,
    ),
    "Appointment": _forms(
        cancellationReason=_R5_ANY, reason=_EITHER, class_=_R5_LIST, serviceType=_R5_CODEABLE,
        patientInstruction=_R5_LIST, priority=("R5", _object), indication=_STU3_ANY, incomingReferral=_STU3_ANY,
    ),
    "Location": _forms(
        form=_R5_ANY, contact=_R5_ANY, characteristic=_R5_ANY, hoursOfOperation=("R5", _object), type=_STU3_OBJECT,
    ),
    "Practitioner": _forms(communication=("R5", _with("language"))),
    "PractitionerRole": _forms(contact=_R5_ANY, availability=_R5_ANY),
    "RelatedPerson": _forms(relationship=_STU3_OBJECT),
    "NutritionOrder": _forms(subject=_R5_ANY),
    "ImagingStudy": _forms(
        procedure=_R5_ANY, modality=("R5", _with("coding")), reason=_EITHER, accession=_STU3_ANY, uid=_STU3_ANY,
        patient=_STU3_ANY,
    ),
    "FamilyMemberHistory": _forms(reason=_R5_ANY, notDone=_STU3_ANY, gender=_STU3_ANY),
    "Task": _forms(requestedPeriod=_R5_ANY, requestedPerformer=_R5_ANY, requester=_AGENT, context=_STU3_ANY),
    "Communication": _forms(reason=_R5_ANY, notDone=_STU3_ANY, context=_STU3_ANY),
    "QuestionnaireResponse": _forms(
        identifier=_R5_LIST, context=_STU3_ANY, parent=_STU3_ANY, questionnaire=_STU3_OBJECT,
    ),
    "Flag": _forms(category=_STU3_OBJECT),
}  # fmt: skip

_FOREIGN_TYPES = {
    **dict.fromkeys(("MedicationOrder", "DiagnosticOrder", "DeviceUseRequest", "NutritionRequest"), "DSTU2"),
    **dict.fromkeys(
        ("ProcedureRequest", "ReferralRequest", "EligibilityRequest", "EligibilityResponse", "DeviceComponent",
         "ImagingManifest", "ProcessRequest", "ProcessResponse", "Sequence", "BodySite"), "STU3",
    ),
    **dict.fromkeys(
        ("DeviceUsage", "NutritionIntake", "BiologicallyDerivedProductDispense", "DeviceAssociation", "DeviceDispense",
         "EncounterHistory", "FormularyItem", "GenomicStudy", "ImagingSelection", "InventoryItem", "InventoryReport",
         "RequestOrchestration", "Transport", "Permission", "ArtifactAssessment", "ConditionDefinition",
         "ActorDefinition", "Requirements", "TestPlan"), "R5",
    ),
}  # fmt: skip
"""Resource types that R4 and R4B do not have. A type nobody knows is kept as any other: it may be a local one."""
