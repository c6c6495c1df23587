"""What this node answers: a CapabilityStatement made from the tables that answer it. Pure."""

from __future__ import annotations

from typing import Any

from codedark.fhir import encode
from codedark.web.api.parameters import COMMON, OWNERS, TYPES, owned, references

Json = dict[str, Any]
_ON_PATIENT = {
    "everything": "http://hl7.org/fhir/OperationDefinition/Patient-everything",
    "summary": "http://hl7.org/fhir/uv/ips/OperationDefinition/summary",
}
_OAUTH = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_ABOUT = (
    "The last-known record of a hospital whose EHR may be down. Read-only. Every resource says when it was heard "
    "(meta.lastUpdated, urn:codedark:heard), from whom (meta.source) and how old it is (urn:codedark:age)."
)


def statement(base: str, facility: str, at: str) -> bytes:
    """R4 JSON. `at`: an instant; `base`: the address of /fhir."""
    return encode({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": at,
        "publisher": facility or "codedark",
        "kind": "instance",
        "software": {"name": "codedark"},
        "implementation": {"description": _ABOUT, "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [{
            "mode": "server",
            "security": _security(base),
            "resource": [*(_resource(type_) for type_ in sorted(TYPES)), _audit()],
        }],
    })  # fmt: skip


def _security(base: str) -> Json:
    uris = [{"url": "token", "valueUri": f"{base}/token"}]
    system = "http://terminology.hl7.org/CodeSystem/restful-security-service"
    return {
        "extension": [{"url": _OAUTH, "extension": uris}],
        "service": [{"coding": [{"system": system, "code": "OAuth"}], "text": "OAuth 2.0, client credentials"}],
        "description": "A bearer token of 30 minutes from /fhir/token, or the cookie of a person who may.",
    }


def _resource(type_: str) -> Json:
    own = {name: str(each.kind) for name, each in TYPES[type_].items()}
    every = {**{name: str(kind) for name, kind in COMMON.items()}, **own}
    every |= dict.fromkeys(OWNERS, "reference") if owned(type_) else {}
    leads = [*references(type_), *(["patient"] if owned(type_) else [])]
    told: Json = {
        "type": type_,
        "interaction": [{"code": "read"}, {"code": "vread"}, {"code": "search-type"}],
        "versioning": "versioned",
        "readHistory": False,
        "conditionalRead": "not-match",
        "searchParam": [{"name": name, "type": kind} for name, kind in every.items()],
    }
    if leads:
        told["searchInclude"] = [f"{type_}:{name}" for name in leads]
    if back := _reverse(type_):
        told["searchRevInclude"] = back
    if type_ == "Patient":
        told["operation"] = [{"name": name, "definition": where} for name, where in _ON_PATIENT.items()]
    return told


def _reverse(type_: str) -> list[str]:
    if type_ == "Patient":
        return [f"{other}:patient" for other in TYPES if owned(other)]
    return ["Provenance:target"] if type_ != "Provenance" else []


def _audit() -> Json:
    return {
        "type": "AuditEvent",
        "documentation": "The read log, for who may see it.",
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "searchParam": [
            {"name": "patient", "type": "reference"},
            {"name": "agent", "type": "token"},
            {"name": "date", "type": "date"},
        ],
    }
