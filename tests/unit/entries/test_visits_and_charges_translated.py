"""What only a whole translation says: what a visit is for, and what was charged for."""

from __future__ import annotations

from typing import Any

from meanings import ORIGIN, PID, PV1, SITE, message, said

from codedark.entries import Translation, translate_received


def _translated(kind: str, *segments: str) -> Translation:
    return translate_received(message(kind, *segments), SITE, ORIGIN, 7)


def _one(translation: Translation, kind: str) -> dict[str, Any]:
    resources = (entry["resource"] for bundle in translation.bundles for entry in bundle["entry"])
    (found,) = (resource for resource in resources if resource["resourceType"] == kind)
    return dict(found)


def test_a_translated_visit_says_what_it_is_for_and_the_fold_does_not() -> None:
    dg1 = "DG1|1||K80^Gallstones^I10|||A" + "|" * 9 + "1"
    assert all("diagnosis" not in fact.body for fact in said("ADT^A01", PID, PV1, dg1).facts)
    translation = _translated("ADT^A01", PID, PV1, dg1)
    (why,) = _one(translation, "Encounter")["diagnosis"]
    assert (why["rank"], why["use"]["coding"][0]["code"]) == (1, "AD")
    assert why["condition"]["reference"] == f"Condition/{_one(translation, 'Condition')['id']}"


def test_what_was_charged_for_is_translated_and_kept_out_of_the_record() -> None:
    translation = _translated("DFT^P03", PID, PV1, "ORC|RE|O1|F1", "OBR|1|O1|F1|GLU^Glucose", "FT1|1")
    assert translation.meaning.understood == "kept"
    assert _one(translation, "DiagnosticReport")["code"]["text"] == "Glucose"
