"""Lines of FHIR files."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from meanings import PID, entry, only, said

from codedark.entries import FhirChunk, Interpretation, Op, Site, Understood, draft_of, interpret
from codedark.fhir import encode

SITE = Site(facility="st-anna", zone="America/New_York", authority="ANNA")
UUID = "0b1f1e9c-7d2a-4a52-9d8e-0a4f7c1d2e3f"


def imported(*lines: dict[str, Any] | bytes, label: str = "old", first_line: int = 1) -> Interpretation:
    data = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    chunk = FhirChunk(file="x.ndjson", first_line=first_line, format="ndjson", lines=data)
    source = f"import:{label}"
    return interpret(entry(draft_of(chunk, source=source).payload, kind="fhir.imported", source=source), SITE)


def patient(**fields: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": "p1"} | fields


def observation(**fields: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "subject": {"reference": "Patient/p1"},
    } | fields


def test_line_is_one_whole_resource() -> None:
    fact = only(imported(observation(valueString="x")), "Observation")
    assert (fact.op, fact.body["valueString"], "id" in fact.body) == (Op.PUT, "x", False)


def test_reference_is_the_id_of_what_it_names() -> None:
    meaning = imported(patient(), observation())
    assert only(meaning, "Observation").body["subject"]["reference"] == f"Patient/{only(meaning, 'Patient').id}"


def test_fact_belongs_to_its_subject() -> None:
    meaning = imported(patient(), observation())
    assert only(meaning, "Observation").patient == only(meaning, "Patient").id


def test_two_imports_are_two_namespaces() -> None:
    assert only(imported(patient(), label="a"), "Patient").id != only(imported(patient(), label="b"), "Patient").id


def test_original_id_is_kept() -> None:
    identifiers = only(imported(patient()), "Patient").body["identifier"]
    assert {"system": "urn:codedark:import:old", "value": "p1"} in identifiers


def test_urn_uuid_reference_finds_a_resource_of_that_id() -> None:
    meaning = imported(patient(id=UUID), observation(subject={"reference": f"urn:uuid:{UUID.upper()}"}))
    assert only(meaning, "Observation").patient == only(meaning, "Patient").id


def test_full_url_of_a_bundle_entry_names_its_resource() -> None:
    wrapped = {"fullUrl": f"urn:uuid:{UUID}", "resource": patient()}
    meaning = imported(wrapped, observation(subject={"reference": f"urn:uuid:{UUID}"}))
    assert only(meaning, "Observation").patient == only(meaning, "Patient").id


def test_contained_and_conditional_references_stay() -> None:
    performer = [{"reference": "#me"}, {"reference": "Practitioner?identifier=x|1"}]
    assert only(imported(observation(performer=performer)), "Observation").body["performer"] == performer


def test_patient_with_a_record_number_is_the_patient_of_the_feeds() -> None:
    number = {
        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]},
        "value": "4711",
        "assigner": {"display": "ANNA"},
    }
    claim, alias = imported(patient(identifier=[number])).facts
    feed = only(said("ADT^A28", PID), "Patient").id
    assert (claim.op, claim.id, alias.op, alias.body) == (Op.PATCH, feed, Op.LINK, {"into": feed})


def test_what_refers_to_that_patient_refers_to_the_alias() -> None:
    number = {"type": {"coding": [{"code": "MR"}]}, "value": "4711", "assigner": {"display": "ANNA"}}
    meaning = imported(patient(identifier=[number]), observation())
    alias = next(fact for fact in meaning.facts if fact.op is Op.LINK)
    assert only(meaning, "Observation").patient == alias.id


def test_decimal_keeps_its_digits() -> None:
    line = b'{"resourceType":"Observation","id":"o","status":"final","valueQuantity":{"value":1.10}}'
    assert encode(only(imported(line), "Observation").body["valueQuantity"]) == b'{"value":1.10}'


def test_bad_line_costs_only_itself_and_is_named() -> None:
    meaning = imported(patient(), b'{"resourceType":', observation(), first_line=201)
    assert (len(meaning.facts), meaning.problems[0].path, meaning.understood) == (2, "line 202", Understood.PART)


def test_chunk_of_bad_lines_is_kept() -> None:
    assert imported(b"x", b"[]", b'{"resourceType":"Bundle"}', b'{"resourceType":"Patient","id":"a b"}').understood is (
        Understood.KEPT
    )


def test_unknown_extension_stays() -> None:
    extension = [{"url": "http://example.org/x", "valueDecimal": 0.5}]
    assert only(imported(patient(extension=extension)), "Patient").body["extension"] == [
        {"url": "http://example.org/x", "valueDecimal": Decimal("0.5")}
    ]


def test_later_version_of_a_resource_wins() -> None:
    old = only(imported(observation(meta={"lastUpdated": "2026-01-01T00:00:00Z"})), "Observation")
    new = only(imported(observation(meta={"lastUpdated": "2026-01-02T00:00:00+01:00"})), "Observation")
    assert old.rank < new.rank


def test_odd_shapes_do_not_stop_the_line() -> None:
    odd = {
        "resourceType": "Observation",
        "id": "o",
        "subject": "Patient/p1",
        "category": "x",
        "participant": 3,
        "meta": 7,
    }
    assert len(imported(odd).facts) == 1


def test_import_is_heard_for_what_it_holds() -> None:
    dose = {"resourceType": "MedicationAdministration", "id": "m", "status": "completed"}
    assert imported(patient(), dose).topics == {"adt", "mar"}
