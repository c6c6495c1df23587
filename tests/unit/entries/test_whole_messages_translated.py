"""A message as a Bundle: who sent it, who entered it, who pays, and every reference leads somewhere."""

from __future__ import annotations

from typing import Any

import pytest
from meanings import ORIGIN, PID, PV1, SITE, message, said

from codedark.entries.v2 import Translation, translate_received

EVN = "EVN||20261123145900||ADM^Admitted^HL70062|77^CLERK^ANN^^^^^^ANNA^L^^^EI|20261123145500|ANNA^2.16.1^ISO"
NK1 = "NK1|1|OKAFOR^CHIDI|SPO^Spouse^HL70063|12 Elm St^^Town|555-2||||||||Acme^^77||M|19700101"
IN1 = (
    "IN1|1|GOLD|7|Good Health Inc^^7||||||||20260101|20261231|||OKAFOR^CHIDI|SPO^Spouse^HL70063" + "|" * 32 + "S1^^^GH"
)
TXA = "TXA|1|DS|TX|20261123140000|||20261123150000|20261123151000|99^HALE^IRIS|||D1^ANNA"


def _translated(kind: str, *segments: str, **how: Any) -> Translation:
    return translate_received(message(kind, *segments, **how), SITE, ORIGIN, 7)


def _resources(translation: Translation) -> list[dict[str, Any]]:
    (bundle,) = translation.bundles
    return [entry["resource"] for entry in bundle["entry"]]


def _one(translation: Translation, kind: str) -> dict[str, Any]:
    (found,) = (resource for resource in _resources(translation) if resource["resourceType"] == kind)
    return found


def _references(value: object) -> list[str]:
    if isinstance(value, list):
        return [found for each in value for found in _references(each)]
    if not isinstance(value, dict):
        return []
    own = [str(value["reference"])] if isinstance(value.get("reference"), str) else []
    return own + [found for each in value.values() for found in _references(each)]


def test_the_header_comes_first_and_says_what_who_and_what_about() -> None:
    header, *rest = _resources(_translated("ADT^A01^ADT_A01", EVN, PID, PV1))
    assert header["resourceType"] == "MessageHeader"
    assert header["eventCoding"]["display"] == "ADT^A01^ADT_A01"
    assert header["source"]["name"] == "EHR"
    assert {each["reference"].split("/")[0] for each in header["focus"]} == {"Patient", "Encounter"}
    assert len(rest) > 3


def test_an_event_says_when_why_and_by_whom() -> None:
    events = [r for r in _resources(_translated("ADT^A01", EVN, PID, PV1)) if r["resourceType"] == "Provenance"]
    event = next(each for each in events if "reason" in each)
    assert event["recorded"].startswith("2026-11-23T14:59:00")
    assert event["occurredDateTime"].startswith("2026-11-23T14:55:00")
    assert event["reason"][0]["text"] == "Admitted"
    assert event["agent"][0]["who"]["reference"].startswith("Practitioner/")


def test_next_of_kin_is_a_related_person_and_a_contact() -> None:
    translation = _translated("ADT^A01", PID, NK1, PV1)
    person = _one(translation, "RelatedPerson")
    assert person["birthDate"] == "1970-01-01"
    assert person["name"] == [_one(translation, "Patient")["contact"][0]["name"]]


def test_a_policy_is_a_coverage_with_its_payer_and_its_holder() -> None:
    coverage = _one(_translated("ADT^A01", PID, PV1, IN1), "Coverage")
    assert coverage["subscriberId"] == "S1"
    assert coverage["period"] == {"start": "2026-01-01", "end": "2026-12-31"}
    assert coverage["payor"][0]["reference"].startswith("Organization/")


def test_a_document_says_who_wrote_it_and_when_it_was_changed() -> None:
    found = _resources(_translated("MDM^T02", PID, PV1, TXA, "OBX|1|TX|||Well."))
    document = next(each for each in found if each["resourceType"] == "DocumentReference")
    written = next(
        each
        for each in found
        if each["resourceType"] == "Provenance" and f"DocumentReference/{document['id']}" in _references(each)
        if each.get("agent") and each["agent"][0]["who"].get("display") == "IRIS HALE"
    )
    assert written["recorded"].startswith("2026-11-23T15:10:00")


def test_a_result_translated_says_the_address_that_the_fold_leaves_out() -> None:
    pid = PID + "|||12 Elm St^^Town"
    assert "address" not in said("ORU^R01", pid, "OBR|1||F1|X^Y", "OBX|1|NM|A^B||1||||||F").facts[0].body
    assert _one(_translated("ORU^R01", pid, "OBR|1||F1|X^Y", "OBX|1|NM|A^B||1||||||F"), "Patient")["address"]


def test_billing_is_no_patients_record_and_still_translated() -> None:
    translation = _translated("DFT^P03", EVN, PID, PV1, IN1)
    assert translation.meaning.facts == ()
    assert _one(translation, "Coverage")["beneficiary"]["reference"] == f"Patient/{_one(translation, 'Patient')['id']}"


def test_a_merge_translated_says_which_record_goes_on() -> None:
    patients = [
        r for r in _resources(_translated("ADT^A40", PID, "MRG|4000^^^ANNA^MR")) if r["resourceType"] == "Patient"
    ]
    gone = next(each for each in patients if "link" in each)
    assert gone["active"] is False
    assert gone["link"][0]["other"]["reference"] == f"Patient/{next(p['id'] for p in patients if p is not gone)}"


@pytest.mark.parametrize("kind", ["ADT^A01", "SIU^S12", "MDM^T02"])
def test_every_reference_of_a_translation_leads_to_a_resource_in_it(kind: str) -> None:
    sch = "SCH|P1|F1|||||CHECKUP||30|MIN|^^^20261125090000|5^BOOK^ER||||6^FILL^ER"
    segments = {"SIU^S12": (PID, PV1, sch, "RGS|1", "AIP|1||99^HALE^IRIS", "AIL|1||4W^412"), "MDM^T02": (PID, PV1, TXA)}
    found = _resources(_translated(kind, *segments.get(kind, (EVN, PID, NK1, PV1, IN1))))
    there = {f"{each['resourceType']}/{each['id']}" for each in found}
    assert set(_references(found)) <= there


def test_the_same_bytes_in_the_same_place_are_the_same_bundle() -> None:
    assert _translated("ADT^A01", EVN, PID, PV1) == _translated("ADT^A01", EVN, PID, PV1)


def test_each_message_of_a_batch_is_a_bundle_of_its_own() -> None:
    raw = b"BHS|^~\\&|EHR\r" + message("ADT^A01", PID) + message("ADT^A03", PID, control="M2") + b"BTS|2\r"
    assert len(translate_received(raw, SITE, ORIGIN, 7).bundles) == 2


def test_what_is_no_message_translates_to_nothing_and_says_why() -> None:
    translation = translate_received(b"hello", SITE, ORIGIN, 7)
    assert translation.bundles == ()
    assert translation.meaning.problems


def test_a_translation_says_that_it_is_one_and_not_when() -> None:
    found = _resources(_translated("ADT^A01", PID, PV1))
    codes = {"v2-fhir-transformation": 0, "UPDATE": 0}
    for each in found:
        code = each.get("activity", {}).get("coding", [{}])[0].get("code")
        if code in codes:
            codes[code] += 1
            assert "recorded" not in each
            assert each["_recorded"]["extension"][0]["url"].endswith("data-absent-reason")
    assert codes == {"v2-fhir-transformation": 1, "UPDATE": 1}


def test_rooms_of_one_number_in_two_units_are_two_places() -> None:
    beds = "PV1|1|I|4W^412^B^ANNA|||5E^412^A^ANNA"
    rooms = [
        each["partOf"]["display"]
        for each in _resources(_translated("ADT^A02", PID, beds))
        if each["resourceType"] == "Location" and each.get("name") == "412"
    ]
    assert sorted(rooms) == ["4W ANNA", "5E ANNA"]
    houses = [each for each in _resources(_translated("ADT^A02", PID, beds)) if each.get("name") == "ANNA"]
    assert len(houses) == 1


def test_the_episode_that_a_visit_belongs_to_has_its_number_and_no_invented_status() -> None:
    episode = _one(_translated("ADT^A01", PID, "PV1|1|I" + "|" * 52 + "E77^^^EPI"), "EpisodeOfCare")
    assert episode["identifier"][0]["value"] == "E77"
    assert "status" not in episode
    assert "_status" in episode


def test_the_mothers_number_is_a_related_person() -> None:
    mother = _one(_translated("ADT^A01", PID + "|" * 13 + "M77^^^ANNA^MR", PV1), "RelatedPerson")
    assert mother["identifier"][0]["value"] == "M77"
    assert mother["relationship"][0]["coding"][0]["code"] == "MTH"


def test_a_result_of_two_values_translated_has_both() -> None:
    obx = "OBX|1|NM|8867-4^pulse^LN||60~120|/min^^UCUM|||||F"
    result = _one(_translated("ORU^R01", PID, "OBR|1||F1|X^Y", obx), "Observation")
    assert result["valueString"] == "60; 120"
    assert [each["valueQuantity"]["value"] for each in result["component"]] == [60, 120]


def test_the_episode_says_the_diagnoses_of_its_visit() -> None:
    visit = "PV1|1|I" + "|" * 17 + "V100^^^ANNA^VN" + "|" * 35 + "E77^^^EPI"
    dg1 = "DG1|1||J18.9^Pneumonia^I10|||A|||||||||1"
    found = _translated("ADT^A01", PID, visit, dg1)
    (why,) = _one(found, "EpisodeOfCare")["diagnosis"]
    assert why["role"] == _one(found, "Encounter")["diagnosis"][0]["use"]
    assert why["rank"] == 1
