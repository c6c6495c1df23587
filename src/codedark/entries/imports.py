"""Lines of an imported FHIR file as facts: one PUT a resource, ids in the import's own namespace.

id = UUIDv5(facility, type, import label, original id); an original id that is a UUID leaves the type out, because
`urn:uuid:` references do not say it. References are rewritten by the same rule, without looking at any other line, so
the order of lines and files does not matter. The original id stays as an identifier (`urn:codedark:import:LABEL`).

A Patient with a medical record number is the patient HL7 feeds call by it: the body goes to that id as a PATCH, so that
the import cannot take away what a feed said, and the import's own id becomes an alias of it (LINK).
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from codedark.entries.datatypes import V2, Json
from codedark.entries.facts import Fact, Interpretation, Op, Problem, Site, Standing, Understood, rank
from codedark.entries.identity import business_id, place_id
from codedark.entries.payloads import FhirChunk
from codedark.errors import Unparsable
from codedark.fhir import Target, decode, foreign_release, is_id, is_type, parse_reference, read_ndjson

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z", re.IGNORECASE)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\Z")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MR = V2 + "0203"
_TOPICS = {
    "Patient": "adt",
    "Encounter": "adt",
    "MedicationRequest": "orders",
    "ServiceRequest": "orders",
    "MedicationAdministration": "mar",
    "DiagnosticReport": "results",
    "AllergyIntolerance": "allergies",
}
_STANDING = {
    "registered": Standing.REGISTERED,
    "preliminary": Standing.PRELIMINARY,
    "partial": Standing.PRELIMINARY,
    "final": Standing.FINAL,
    "amended": Standing.CORRECTED,
    "corrected": Standing.CORRECTED,
    "entered-in-error": Standing.WITHDRAWN,
}
_RESULT_TYPES = ("Observation", "DiagnosticReport")
_WITHOUT_IDENTIFIERS = frozenset(["QuestionnaireResponse", "Bundle", "Binary", "Provenance", "AuditEvent"])
_HINT = "The line is kept; correct it at its source and import again."
_HINT_RELEASE = "The line is kept; ask the source for FHIR R4 (4.0.1): fhirVersion=4.0, or its R4 base address."
_PATIENT_DELETED = "the EHR deleted this patient; the chart stays"
_HINT_DELETED = "Ask the EHR's people whether it was a merge or a mistake; nothing here was taken away."
_NAME = b'"reference"'
_REFERENCE = re.compile(rb'"reference"[ \t]*:[ \t]*"([^"\\]*)"')
_DOUBTFUL = re.compile(rb'\\(?:u00[67]|"reference")')
"""A letter of a member's name could be written so, and a name could end so: then its JSON is read."""


def interpret_chunk(chunk: FhirChunk, label: str, site: Site, origin: bytes, position: int) -> Interpretation:
    """The facts of one chunk. A bad line becomes a problem "line N" and costs only itself."""
    reading = _Import(label, site, origin, position, _instant_us(chunk.as_of))
    for offset, line in read_ndjson(chunk.lines):
        number = chunk.first_line + offset - 1
        try:
            reading.line(number, line)
        except Unparsable as error:
            reading.problem(number, str(error))
        except RecursionError:
            reading.problem(number, "nested too deep")
    understood = Understood.PART if reading.problems else Understood.FULL
    if not reading.facts:
        understood = Understood.KEPT
    return Interpretation(
        tuple(reading.facts), tuple(reading.problems), understood, f"FHIR {chunk.format}", frozenset(reading.topics)
    )


class _NotByBytes(Exception):
    """The references of a line take reading its JSON."""


class _References:
    """References as they stand in the lines of one import, with their new ids: few are named, again and again.

    Holds pure results, so forgetting or keeping them changes nothing but the time it takes.
    """

    LIMIT = 131_072

    def __init__(self) -> None:
        self._of: tuple[str, str] = ("", "")
        self._known: dict[bytes, bytes] = {}

    def of(self, facility: str, label: str) -> dict[bytes, bytes]:
        """What is known of this import at this facility."""
        if self._of != (facility, label) or len(self._known) > self.LIMIT:
            self._of, self._known = (facility, label), {}
        return self._known


_REFERENCES = _References()


def line_body(line: bytes, label: str) -> Json:
    """The body that `Fact.line` stands for. `label`: names the import."""
    body: Json = decode(line)
    kind, given = body.pop("resourceType"), body.pop("id", None)
    if given:
        _keep_origin(body, kind, given, label)
    return body


def _keep_origin(body: Json, kind: str, given: str, label: str) -> None:
    """Keep the original id as an identifier, where the type has a list of them or none yet."""
    listed = body.get("identifier")
    if isinstance(listed, list):
        listed.append({"system": f"urn:codedark:import:{label}", "value": given})
    elif listed is None and kind not in _WITHOUT_IDENTIFIERS:
        body["identifier"] = [{"system": f"urn:codedark:import:{label}", "value": given}]


class _Import:
    """The state of one chunk being read."""

    def __init__(self, label: str, site: Site, origin: bytes, position: int, as_of_us: int | None = None) -> None:
        self.as_of_us = as_of_us
        self.label = label
        self.site = site
        self.origin = origin
        self.position = position
        self.facts: list[Fact] = []
        self.problems: list[Problem] = []
        self.topics: set[str] = set()
        self.references = _REFERENCES.of(site.facility, label)

    def problem(self, number: int, reason: str, patient: str | None = None, kind: str = "", hint: str = _HINT) -> None:
        """One line that was not understood."""
        self.problems.append(Problem(f"line {number}", reason, hint, patient, kind))

    def line(self, number: int, data: bytes) -> None:
        """One resource, or one bundle entry: {"fullUrl", "resource"}, or {"request": {"method": "DELETE", "url"}}."""
        told = self._told(data)
        body, full_url, rewritten = decode(data if told is None else told), "", told is not None
        if isinstance(body, dict) and "resourceType" not in body and isinstance(body.get("resource"), dict):
            full_url = body["fullUrl"] if isinstance(body.get("fullUrl"), str) else ""
            body, told = body["resource"], None
        elif isinstance(body, dict) and "resourceType" not in body and isinstance(body.get("request"), dict):
            self._deletion(number, body)
            return
        if not isinstance(body, dict) or not is_type(body.get("resourceType")):
            raise Unparsable("no resourceType")
        kind = body.pop("resourceType")
        if kind == "Bundle":
            raise Unparsable("a Bundle in a line; import it as a bundle")
        given = body.pop("id", None)
        if given is not None and not is_id(given):
            raise Unparsable("id is not an R4 id")
        if not rewritten:
            self.rewrite(body)
        self._claim(number, kind, given, full_url, body, told)

    def _told(self, data: bytes) -> bytes | None:
        """The line with the new id in every literal reference; None when that takes more than looking at the bytes."""
        if b"\\" in data and _DOUBTFUL.search(data):
            return None
        try:
            told, count = _REFERENCE.subn(self._swapped, data)
        except _NotByBytes:
            return None
        return told if count == data.count(_NAME) else None

    def _swapped(self, found: re.Match[bytes]) -> bytes:
        old = found[0]
        new = self.references.get(old)
        if new is None:
            new = self.references[old] = self._reference_bytes(found[1])
        return new

    def _reference_bytes(self, old: bytes) -> bytes:
        try:
            reference = old.decode()
        except UnicodeDecodeError:
            raise _NotByBytes from None
        target = parse_reference(reference)
        if target is not None and not (target.type or target.contained):
            # What a urn:uuid: is, the member beside it may say.
            raise _NotByBytes
        return b'"reference":"%s"' % self._rewritten(reference, None).encode()

    def _claim(
        self, number: int, kind: str, given: str | None, full_url: str, body: Json, told: bytes | None
    ) -> None:  # fmt: skip
        path = f"line {number}"
        foreign = foreign_release(kind, body)
        if foreign is not None:
            # Half of it would read like a whole: the drug of an R5 order stands where R4 has none.
            reason = f"FHIR {foreign[0]} ({foreign[1]}): kept, not read"
            self.problem(number, reason, patient_of(body), kind, _HINT_RELEASE)
            return
        target = parse_reference(full_url) if full_url else None
        if target is not None and not target.contained:
            own = self.resource_id(Target(kind, target.id))
        elif given:
            own = self.resource_id(Target(kind, given))
        else:
            own = place_id(self.site.facility, kind, self.origin, self.position, path)
        if given:
            _keep_origin(body, kind, given, self.label)
        self._heard(kind, body)
        at, ranked = self._rank(kind, body, given or path)
        if kind == "Patient":
            self._patient(path, own, body, ranked, at, told)
            return
        self.facts.append(Fact(path, Op.PUT, kind, own, patient_of(body), body, ranked, at, line=told))

    def _patient(self, path: str, own: str, body: Json, ranked: bytes, at: int | None, told: bytes | None) -> None:
        known = self._record_number(body)
        if known is None:
            self.facts.append(Fact(path, Op.PUT, "Patient", own, own, body, ranked, at, line=told))
            return
        self.facts.append(Fact(path, Op.PATCH, "Patient", known, known, body, ranked, at, line=told))
        self.facts.append(Fact(f"{path} alias", Op.LINK, "Patient", own, own, {"into": known}, ranked, at))

    def _record_number(self, body: Json) -> str | None:
        """The Patient id of its identifier of type MR, by the rule of HL7 feeds."""
        for identifier in body.get("identifier", ()):
            if not isinstance(identifier, dict) or not isinstance(identifier.get("value"), str):
                continue
            kind = identifier.get("type")
            codings = kind.get("coding", ()) if isinstance(kind, dict) else ()
            if any(isinstance(c, dict) and c.get("code") == "MR" and c.get("system", _MR) == _MR for c in codings):
                return business_id(self.site.facility, "Patient", self._authority(identifier), identifier["value"])
        return None

    def _authority(self, identifier: Json) -> str:
        """Assigning authority of an Identifier: what the site calls its system, else the assigner's name, else the OID,
        else the system itself; the site's own when there is none."""
        known = self.site.codes.get("authority", {})
        system = identifier.get("system") if isinstance(identifier.get("system"), str) else ""
        assigner = identifier.get("assigner")
        name = assigner.get("display", "") if isinstance(assigner, dict) else ""
        plain = (system or "").removeprefix("urn:oid:")
        for candidate in (system, plain, name):
            if candidate and candidate in known:
                return known[candidate][0]
        return str(name or plain or self.site.authority)

    def resource_id(self, target: Target) -> str:
        """The id of an imported resource by its original type and id."""
        if _UUID.match(target.id):
            return business_id(self.site.facility, "", f"import {self.label}", target.id.lower())
        return business_id(self.site.facility, target.type, f"import {self.label}", target.id)

    def rewrite(self, value: Any) -> None:
        """Give every literal reference below `value` its new id, in place; `#contained` and conditional ones stay."""
        if isinstance(value, list):
            for item in value:
                if isinstance(item, dict | list):
                    self.rewrite(item)
            return
        for name, item in value.items():
            if isinstance(item, dict | list):
                self.rewrite(item)
            elif name == "reference" and isinstance(item, str):
                value[name] = self._rewritten(item, value.get("type"))

    def _rewritten(self, reference: str, kind: object) -> str:
        target = parse_reference(reference)
        if target is None or target.contained:
            return reference
        kind_name = target.type or (kind if isinstance(kind, str) else "")
        identity = self.resource_id(target)
        return f"{kind_name}/{identity}" if kind_name else f"urn:uuid:{identity}"

    def _deletion(self, number: int, entry: Json) -> None:
        """What the EHR's server deleted: at `response.lastModified` (a history), else by the chunk's own instant."""
        request, response = entry["request"], entry.get("response")
        target = parse_reference(request["url"]) if isinstance(request.get("url"), str) else None
        if request.get("method") != "DELETE" or target is None or not target.type:
            raise Unparsable("an entry without a resource that deletes none")
        path = f"line {number}"
        if target.type == "Patient":
            # A chart is never taken away by a machine: others may have said things about the same person.
            self.problem(number, _PATIENT_DELETED, self.resource_id(target), "Patient", _HINT_DELETED)
            return
        at = _instant_us(response.get("lastModified")) if isinstance(response, dict) else None
        at = self.as_of_us if at is None else at
        standing = Standing.WITHDRAWN if target.type in _RESULT_TYPES else Standing.PLAIN
        ranked = rank(standing, at, 0, f"import {self.label} {target.id}")
        self.facts.append(Fact(path, Op.DELETE, target.type, self.resource_id(target), None, {}, ranked, at))

    def _rank(self, kind: str, body: Json, tie: str) -> tuple[int | None, bytes]:
        meta = body.get("meta")
        at = _instant_us(meta.get("lastUpdated")) if isinstance(meta, dict) else None
        at = self.as_of_us if at is None else at
        standing = Standing.PLAIN
        if kind in _RESULT_TYPES and isinstance(body.get("status"), str):
            standing = _STANDING.get(body["status"], Standing.PLAIN)
        return at, rank(standing, at, 0, f"import {self.label} {tie}")

    def _heard(self, kind: str, body: Json) -> None:
        topic = _TOPICS.get(kind)
        if topic is not None:
            self.topics.add(topic)
        elif kind == "Observation":
            self.topics.add("vitals" if is_vital(body) else "results")


def patient_of(body: Json) -> str | None:
    """The Patient id in `subject`, `patient`, or among an Appointment's participants."""
    for name in ("subject", "patient"):
        reference = body.get(name)
        if isinstance(reference, dict) and isinstance(reference.get("reference"), str):
            target = parse_reference(reference["reference"])
            if target is not None and target.type in ("Patient", "") and not target.contained:
                return target.id
    for participant in body.get("participant", ()) if isinstance(body.get("participant"), list) else ():
        actor = participant.get("actor") if isinstance(participant, dict) else None
        if isinstance(actor, dict) and str(actor.get("reference", "")).startswith("Patient/"):
            return str(actor["reference"])[8:]
    return None


def is_vital(body: Json) -> bool:
    """Whether an Observation is of the category vital-signs."""
    for category in body.get("category", ()) if isinstance(body.get("category"), list) else ():
        for coding in category.get("coding", ()) if isinstance(category, dict) else ():
            if isinstance(coding, dict) and coding.get("code") == "vital-signs":
                return True
    return False


def topic_of(kind: str) -> str:
    """The section a resource of this type is heard for; "" for none."""
    return _TOPICS.get(kind, "")


def _instant_us(text: object) -> int | None:
    if not isinstance(text, str) or not _INSTANT.match(text):
        return None
    try:
        since = dt.datetime.fromisoformat(text) - _EPOCH
        return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    except (ValueError, OverflowError):
        return None
