"""AL1, IAM, DG1, PRB, PR1."""

from __future__ import annotations

import pytest
from meanings import PID, folded, of_type, only, said

PENICILLIN = "AL1|1|DA|7980^Penicillin^RXNORM|SV|Anaphylaxis~Hives|20190501"


def test_allergy_says_substance_reactions_and_severity() -> None:
    body = only(said("ADT^A01", PID, PENICILLIN), "AllergyIntolerance").body
    assert (
        body["code"]["text"],
        body["category"],
        body["criticality"],
        [m["text"] for m in body["reaction"][0]["manifestation"]],
    ) == ("Penicillin", ["medication"], "high", ["Anaphylaxis", "Hives"])


@pytest.mark.parametrize(
    ("said_so", "code"),
    [
        ("NKA^No Known Allergies", "716186003"),
        ("716186003^No known allergy^SCT", "716186003"),
        ("409137002^No known drug allergy^SCT", "409137002"),
        ("^No Known Drug Allergies", "409137002"),
        ("NKDA", "409137002"),
    ],
)
def test_no_known_allergy_is_said_and_coded(said_so: str, code: str) -> None:
    body = only(said("ADT^A01", PID, f"AL1|1|DA|{said_so}"), "AllergyIntolerance").body
    assert body["code"]["coding"][0]["code"] == code


@pytest.mark.parametrize("unreadable", ["AL1|1|DA|", 'AL1|1|DA|""', "AL1|1", "AL1|1|DA||SV|Rash"])
def test_allergy_without_a_substance_is_the_patient_s_problem_and_no_allergy(unreadable: str) -> None:
    meaning = said("ADT^A01", PID, unreadable)
    problem = meaning.problems[0]
    assert (problem.path, problem.type, problem.patient, of_type(meaning, "AllergyIntolerance")) == (
        "AL1[1]",
        "AllergyIntolerance",
        only(meaning, "Patient").id,
        [],
    )


def test_one_substance_is_one_allergy_whatever_its_set_id() -> None:
    first = only(said("ADT^A01", PID, PENICILLIN), "AllergyIntolerance")
    again = only(said("ADT^A08", PID, PENICILLIN.replace("AL1|1|", "AL1|4|")), "AllergyIntolerance")
    assert first.id == again.id


def test_deleted_allergy_is_entered_in_error() -> None:
    meaning = said("ADT^A60", PID, "IAM|1|DA|7980^Penicillin^RXNORM|SV||D")
    status = only(meaning, "AllergyIntolerance").body["verificationStatus"]
    assert status["coding"][0]["code"] == "entered-in-error"


def test_allergy_said_again_after_it_was_deleted_is_there() -> None:
    deleted = said("ADT^A60", PID, "IAM|1|DA|7980^Penicillin^RXNORM|SV||D", at="20261123150000")
    again = said("ADT^A08", PID, PENICILLIN, at="20261123160000")
    (body,) = [body for (kind, _), body in folded([again, deleted]).items() if kind == "AllergyIntolerance"]
    assert ("verificationStatus" in body, body["clinicalStatus"]["coding"][0]["code"]) == (False, "active")


def test_allergies_are_heard_only_where_they_are_said() -> None:
    assert ("allergies" in said("ADT^A01", PID).topics, "allergies" in said("ADT^A01", PID, PENICILLIN).topics) == (
        False,
        True,
    )


def test_severity_the_map_leaves_blank_is_kept_as_sent() -> None:
    body = only(said("ADT^A01", PID, PENICILLIN.replace("|SV|", "|MO|")), "AllergyIntolerance").body
    sent = body["_criticality"]["extension"][0]["valueCodeableConcept"]["coding"][0]["code"]
    assert ("criticality" in body, sent) == (False, "MO")


def test_diagnosis_is_a_condition_of_the_visit() -> None:
    body = only(said("ADT^A01", PID, "DG1|1||I50.9^Heart failure^I10C||20261101|A"), "Condition").body
    assert (body["code"]["coding"][0]["system"], body["onsetDateTime"]) == (
        "http://hl7.org/fhir/sid/icd-10-cm",
        "2026-11-01",
    )


def test_resolved_problem_says_so() -> None:
    meaning = said("PPR^PC2", PID, "PRB|UP|20261101|I10^Hypertension^I10C|P77|||20200101||20261101")
    body = only(meaning, "Condition").body
    assert body["clinicalStatus"]["coding"][0]["code"] == "resolved"


def test_problem_whose_state_was_not_said_has_none() -> None:
    meaning = said("PPR^PC1", PID, "PRB|AD|20261101|I10^Hypertension^I10C|P77")
    assert "clinicalStatus" not in only(meaning, "Condition").body


def test_procedure_says_when() -> None:
    meaning = said("ADT^A08", PID, "PR1|1||44970^Appendectomy^C4||20261120101500")
    assert only(meaning, "Procedure").body["performedDateTime"] == "2026-11-20T10:15:00-05:00"
