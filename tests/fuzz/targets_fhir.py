"""Targets of the FHIR door: documents, bundles, NDJSON, whole files, and what an imported line means."""

# ruff: noqa: PT017, PT018
from __future__ import annotations

import gzip
import json
import tempfile
from decimal import Decimal
from pathlib import Path

import zstandard
from fuzzing import SCRATCH, Target
from targets_hl7 import SITE, drill_messages
from views_tape import entry

from codedark.ehr import read_manifest
from codedark.entries import Fact, FhirChunk, Op, draft_of, interpret
from codedark.errors import EhrRefused, Unparsable
from codedark.fhir import bundle_lines, decode, encode, one_line, read_ndjson, resource, split_bundle
from codedark.intake import import_files, import_lines
from codedark.journal import Draft, Outcome, Receipt

_WORDS = (
    b'{"resourceType":"Patient"', b'"id":"a"', b'"resourceType":"Bundle"', b'"entry":[{"resource":',
    b'"fullUrl":"urn:uuid:',
    b'"subject":{"reference":"Patient/a"}', b'"contained":[', b'"meta":{"lastUpdated":"2026-11-24T03:12:00Z"}', b"NaN",
    b"Infinity", b"-0", b"1e400", b"1E+999999999", b"-1e-999999999", b"0.10", b"1" * 400, b"null", b"true", b"[",
    b"{", b"]", b"}",
    b"[" * 3000, b'{"a":' * 3000, b"\xef\xbb\xbf", b"\x00", b"\\u0000", b"\\ud800", b"\xed\xa0\x80", b"\r\n", b"\n",
    b'"dosageInstruction":[{"text":"', b'"valueQuantity":{"value":1E+99999,"unit":"mg"}',
    b'"effectiveDateTime":"9999-13-99"',
    b'"identifier":[{"type":{"coding":[{"code":"MR"}]},"value":"7"}]', b'"name":[{"family":"', b'"__proto__":',
    b"\x1f\x8b",
    b"\x28\xb5\x2f\xfd", b'"status":"entered-in-error"', b'"reference":"#', b'"category":[',
    b'"birthDate":"0000-00-00"',
)  # fmt: skip
_RESOURCES: tuple[dict[str, object], ...] = (
    {
        "resourceType": "Patient", "id": "a", "birthDate": "1955-03-04", "gender": "female",
        "name": [{"family": "MARLOWE", "given": ["Ada"]}],
        "identifier": [{"type": {"coding": [{"code": "MR"}]}, "system": "urn:oid:1.2", "value": "482193"}],
    },
    {
        "resourceType": "Encounter", "id": "e", "status": "in-progress", "class": {"code": "IMP"},
        "subject": {"reference": "Patient/a"}, "period": {"start": "2026-09-21T03:12:00-04:00"},
        "location": [{"location": {"display": "4W 01 A", "identifier": {"value": "4W^01^A^WTB"}}, "status": "active"}],
    },
    {
        "resourceType": "MedicationRequest", "id": "m", "status": "active", "intent": "order",
        "subject": {"reference": "Patient/a"}, "medicationCodeableConcept": {"text": "enoxaparin"},
        "dosageInstruction": [{
            "text": "40 mg SC daily", "route": {"text": "SC"},
            "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
            "doseAndRate": [{"doseQuantity": {"value": 40.10, "unit": "mg"}}],
        }],
    },
    {
        "resourceType": "MedicationAdministration", "id": "d", "status": "completed",
        "subject": {"reference": "Patient/a"}, "request": {"reference": "MedicationRequest/m"},
        "medicationCodeableConcept": {"text": "enoxaparin"}, "effectiveDateTime": "2026-09-21T03:12:00Z",
        "dosage": {"dose": {"value": 40, "unit": "mg"}},
    },
    {
        "resourceType": "Observation", "id": "o", "status": "final", "subject": {"reference": "Patient/a"},
        "category": [{"coding": [{"code": "vital-signs"}]}], "code": {"coding": [{"code": "8867-4"}], "text": "Pulse"},
        "effectiveDateTime": "2026-09-21", "valueQuantity": {"value": 88.0, "unit": "/min"},
        "referenceRange": [{"low": {"value": 50}, "high": {"value": 100}}], "component": [],
    },
    {
        "resourceType": "AllergyIntolerance", "id": "y", "patient": {"reference": "Patient/a"}, "criticality": "high",
        "code": {"text": "penicillin"}, "reaction": [{"manifestation": [{"text": "anaphylaxis"}]}],
    },
    {"resourceType": "Condition", "id": "c", "subject": {"reference": "urn:uuid:x"}, "code": {"text": "sepsis"}},
    {"resourceType": "DocumentReference", "id": "n", "subject": {"reference": "Patient/a"}, "status": "current",
     "content": [{"attachment": {"contentType": "text/plain", "data": "aGk=", "url": "http://127.0.0.1:9/x"}}]},
    {"resourceType": "ServiceRequest", "id": "s", "status": "active", "intent": "order",
     "subject": {"reference": "Patient/a"}, "code": {"text": "CT"}},
)  # fmt: skip


def documents() -> list[bytes]:
    """One small resource of each type that a chart reads."""
    return [json.dumps(each).encode() for each in _RESOURCES]


def _bundle() -> bytes:
    entries = [{"fullUrl": f"urn:uuid:{n}", "resource": each} for n, each in enumerate(_RESOURCES)]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}, indent=1).encode()


def check_document(data: bytes) -> None:
    """Unparsable or a value; what was read is written with the digits it came with; bundles and lines come apart."""
    try:
        value = decode(data)
    except Unparsable as error:
        assert len(str(error)) < 200
    else:
        assert _digits(decode(encode(value))) == _digits(value), "reading what was written gives something else"
    for read in (resource, split_bundle, bundle_lines):
        try:
            read(data)
        except Unparsable:
            continue
    assert b"\n" not in one_line(data) and b"\r" not in one_line(data)
    lines = list(read_ndjson(data))
    assert lines == list(read_ndjson(iter([data[:7], data[7:9], data[9:]]))), "the chunks decide"
    assert [line for _, line in lines] == [line.strip() for line in _plain(data).split(b"\n") if line.strip()]


def _plain(data: bytes) -> bytes:
    return data[3:] if data.startswith(b"\xef\xbb\xbf") else data


def _digits(value: object) -> str:
    return repr(value)


def check_file(data: bytes) -> None:
    """Any file is imported or refused with file and line; each line that is a resource is kept as it came."""
    kept: list[Draft] = []

    def append_all(drafts: list[Draft]) -> list[Receipt]:
        kept.extend(drafts)
        return [Receipt(bytes(16), len(kept), 0, Outcome.NEW) for _ in drafts]

    name = ("a.ndjson", "a.json", "a.hl7", "a")[len(data) % 4]
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        place = Path(folder, name)
        place.write_bytes(data)
        report = import_files([place], append_all, label="fuzz")  # type: ignore[arg-type]
    assert report.files == 1
    assert (
        report.resources + report.messages
        or report.refusals
        or not data.strip(b" \t\r\n\x00\x0b\x1c\xef\xbb\xbf\xff\xfe")
    )
    for refusal in report.refusals:
        assert refusal.file == name and refusal.line >= 0 and refusal.reason


def check_lines(data: bytes) -> None:
    """What imported lines mean: never an exception, twice the same, bodies that can be written down again."""
    chunk = FhirChunk(file="f", first_line=1, format="ndjson", lines=data)
    kept = entry(3, "fhir.imported", draft_of(chunk, source="import:x").payload, source="import:x")
    said = interpret(kept, SITE)
    assert repr(said) == repr(interpret(kept, SITE))
    for fact in said.facts:
        assert isinstance(fact, Fact) and fact.id and fact.type
        assert isinstance(encode(fact.body), bytes)


def check_manifest(data: bytes) -> None:
    """Whatever ends an export is a manifest whose time and addresses can be used, or a refusal that quotes nothing."""
    try:
        told = read_manifest(data)
    except EhrRefused as error:
        assert len(str(error)) < 80
        return
    assert told.transaction_time and all(each.url for each in (*told.output, *told.deleted, *told.error))


def check_deletions(data: bytes) -> None:
    """A file of deletions: each line is taken or refused by its number, and what is taken deletes and does nothing
    else."""
    kept: list[Draft] = []

    def append_all(drafts: list[Draft]) -> list[Receipt]:
        kept.extend(drafts)
        return [Receipt(bytes(16), len(kept), 0, Outcome.NEW) for _ in drafts]

    asked = {"label": "x", "as_of": "2026-11-24T06:00:00Z", "deletions": True}
    import_lines(iter([data[:9], data[9:]]), "d.ndjson", append_all, **asked)  # type: ignore[arg-type]
    for each in kept:
        said = interpret(entry(3, each.kind, each.payload, source=each.source), SITE)
        assert {fact.op for fact in said.facts} <= {Op.DELETE}
        assert "Patient" not in {fact.type for fact in said.facts}


def _manifest() -> bytes:
    file = {"type": "Patient", "url": "https://e/1", "count": 2}
    link = [{"relation": "next", "url": "https://e/m2"}]
    told = {"transactionTime": "2026-11-24T06:00:00Z", "requiresAccessToken": True, "output": [file], "link": link}
    return json.dumps(told | {"deleted": [file], "error": [file]}).encode()


def _deletions() -> bytes:
    gone = [{"request": {"method": "DELETE", "url": f"{kind}/a"}} for kind in ("Patient", "Observation")]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": gone}
    return b"\n".join([json.dumps(bundle).encode()] * 2)


def _exact() -> bytes:
    body = {"resourceType": "Observation", "valueQuantity": {"value": Decimal("1.10"), "unit": "mg"}}
    return encode(body)


def _files() -> list[bytes]:
    lines = b"\n".join(documents())
    return [lines, gzip.compress(lines), zstandard.compress(lines), _bundle(), *drill_messages()[:3], documents()[0]]


_ROOM = ("codedark.fhir", "codedark.entries", "codedark.intake", "codedark.ehr")
TARGETS = (
    Target("fhir-document", check_document, lambda: [*documents(), _bundle(), _exact()], _WORDS, _ROOM),
    Target("imported-file", check_file, _files, _WORDS, _ROOM),
    Target("meaning-of-fhir", check_lines, lambda: [*documents(), b"\n".join(documents())], _WORDS, _ROOM),
    Target("export-manifest", check_manifest, lambda: [_manifest()], (*_WORDS, b'"url":"', b'"output":['), _ROOM),
    Target("export-deletions", check_deletions, lambda: [_deletions()], (*_WORDS, b'"method":"DELETE"'), _ROOM),
)
