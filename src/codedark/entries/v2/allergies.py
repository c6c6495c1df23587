"""AL1 and IAM as AllergyIntolerance facts (V2-to-FHIR: AL1[AllergyIntolerance], IAM[AllergyIntolerance]).

An allergy that cannot be read becomes a problem that names its patient, so that no chart shows it as "none". The lists
are kept together, never replaced: an allergy that a later message does not repeat stays.
"""

from __future__ import annotations

from codedark.entries import tables
from codedark.entries.datatypes import V2, Json, Rep, concept, human_name, identifier_ei, joined, part
from codedark.entries.moments import put_time
from codedark.entries.v2.reading import Reading, first_rep, is_valued, reps, text_of
from codedark.hl7 import Segment

_CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
_ALTERNATE = "http://hl7.org/fhir/StructureDefinition/alternate-codes"
_UNREAD_HINT = "Ask the ward or the sender what the allergy is; until then the chart says it could not be read."


def read_allergy(reading: Reading, segment: Segment) -> None:
    """One AL1 or IAM of the patient being read."""
    reading.topics.add("allergies")
    substance = first_rep(segment, 3)
    code = concept(substance, reading.codes("allergen"))
    if not code:
        reading.problem(
            segment.path, "an allergy that names no substance", hint=_UNREAD_HINT, kind="AllergyIntolerance"
        )
        return
    none_known = _none_known(substance)
    body: Json = reading.subject({"code": code}, "patient", "encounter")
    if none_known:
        display = tables.NO_KNOWN_DISPLAY[none_known]
        body["code"] = {"coding": [{"system": tables.SNOMED, "code": none_known, "display": display}], "text": display}
    _kind(reading, body, segment)
    _reaction(body, segment)
    cleared = _status(body, segment)
    _dates(reading, body, segment)
    if segment.name == "IAM":
        _of_iam(body, segment)
    identity = _identity(reading, segment, substance, none_known)
    reading.claim(segment.path, "AllergyIntolerance", identity, body, cleared=cleared)


def _none_known(substance: Rep) -> str:
    """The SNOMED CT code of "no known (…) allergy" when that is what is said, else ""."""
    for component in (1, 4):
        found = tables.NO_KNOWN_ALLERGY.get(part(substance, component).upper())
        if found:
            return found
    words = joined(substance, 2).upper() or part(substance, 1).upper()
    if words in tables.NO_KNOWN_WORDS:
        return "409137002" if "DRUG" in words or words == "NKDA" else "716186003"
    return ""


def _identity(reading: Reading, segment: Segment, substance: Rep, none_known: str) -> str:
    if segment.name == "IAM" and (named := first_rep(segment, 7)) and part(named, 1):
        return reading.id_of("AllergyIntolerance", reading.authority(named, 2), part(named, 1))
    # The substance of one patient is one allergy, whichever message or segment number says it.
    system = part(substance, 3)
    key = none_known or f"{part(substance, 1)} {system}".strip() or joined(substance, 2).casefold()
    return reading.id_of("AllergyIntolerance", reading.patient or "", key)


def _kind(reading: Reading, body: Json, segment: Segment) -> None:
    rep = first_rep(segment, 2)
    code = part(rep, 1)
    if not code:
        return
    category = tables.ALLERGY_CATEGORY.get(code)
    if category:
        body["category"] = [category]
    if code in tables.ALLERGY_TYPE:
        body["type"] = tables.ALLERGY_TYPE[code]
    elif not category and code != "MC":
        body["extension"] = [{"url": "urn:codedark:allergen-type", "valueCodeableConcept": concept(rep)}]


def _reaction(body: Json, segment: Segment) -> None:
    said = [joined(rep, 2) or joined(rep, 1) for rep in reps(segment, 5)] if is_valued(segment, 5) else []
    severity = part(first_rep(segment, 4), 1)
    if severity in tables.CRITICALITY:
        body["criticality"] = tables.CRITICALITY[severity]
    if severity:
        # The map's alternate-codes extension: the severity exactly as it was said.
        sent = {"coding": [{"system": V2 + "0128", "code": severity}]}
        body["_criticality"] = {"extension": [{"url": _ALTERNATE, "valueCodeableConcept": sent}]}
    reactions: Json = {}
    if manifestations := [{"text": text} for text in said if text]:
        reactions["manifestation"] = manifestations
        if severity in tables.SEVERITY:
            reactions["severity"] = tables.SEVERITY[severity]
        body["reaction"] = [reactions]


def _status(body: Json, segment: Segment) -> tuple[str, ...]:
    """Set the status; returns the field it takes the place of: an allergy said again after it was deleted is there."""
    clinical = "active"
    if segment.name == "IAM":
        if text_of(segment, 6) == "D":
            body["verificationStatus"] = {"coding": [{"system": _VERIFICATION, "code": "entered-in-error"}]}
            return ("clinicalStatus",)
        said = part(first_rep(segment, 17), 1).upper()
        clinical = {"I": "inactive", "R": "resolved"}.get(said, "active")
    body["clinicalStatus"] = {"coding": [{"system": _CLINICAL, "code": clinical}]}
    return ("verificationStatus",)


def _of_iam(body: Json, iam: Segment) -> None:
    """The number of an IAM, and who reported it (IAM-14) in what relation to the patient (IAM-15)."""
    if is_valued(iam, 7) and (identifier := identifier_ei(first_rep(iam, 7))):
        body["identifier"] = [identifier]
    if is_valued(iam, 14) and (name := human_name(first_rep(iam, 14))):
        words = " ".join([*name.get("given", ()), name.get("family", "")]).strip()
        relation = concept(first_rep(iam, 15)).get("text", "") if is_valued(iam, 15) else ""
        body["recorder"] = {"display": f"{words} ({relation})" if relation else words}


def _dates(reading: Reading, body: Json, segment: Segment) -> None:
    if segment.name == "AL1":
        put_time(body, "onsetDateTime", reading.moment(segment, 6))
        return
    put_time(body, "onsetDateTime", reading.moment(segment, 11))
    if "onsetDateTime" not in body and is_valued(segment, 12):
        body["onsetString"] = segment.whole(12)
    put_time(body, "recordedDate", reading.moment(segment, 13))
