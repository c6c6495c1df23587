"""ADT: who and where."""

from __future__ import annotations

import pytest
from meanings import PID, PV1, SITE, folded, of_type, only, said

from codedark.entries import Interpretation, Op, Understood


def encounter(*meanings: Interpretation) -> dict[str, object]:
    bodies = folded(meanings)
    (body,) = [body for (kind, _), body in bodies.items() if kind == "Encounter"]
    return body


def visit(trigger: str, pv1: str = PV1, **how: str) -> Interpretation:
    return said(f"ADT^{trigger}", f"EVN|{trigger}|20261123150000", PID, pv1, **how)


def test_patient_is_named_by_the_medical_record_number() -> None:
    other = PID.replace("4711^^^ANNA^MR", "99^^^SSA^SS~4711^^^ANNA^MR")
    assert only(said("ADT^A28", other), "Patient").id == only(said("ADT^A28", PID), "Patient").id


def test_authority_that_was_not_named_is_the_site_s() -> None:
    assert (
        only(said("ADT^A28", PID.replace("^^^ANNA^MR", "")), "Patient").id == only(said("ADT^A28", PID), "Patient").id
    )


def test_two_authorities_are_two_patients() -> None:
    assert only(said("ADT^A28", PID.replace("ANNA", "OTHER")), "Patient").id != only(said("ADT^A28", PID), "Patient").id


def test_patient_says_name_birth_and_sex() -> None:
    body = only(said("ADT^A28", PID), "Patient").body
    assert (body["name"], body["birthDate"], body["gender"]) == (
        [{"family": "OKAFOR", "given": ["NGOZI"]}],
        "1972-03-04",
        "female",
    )


def test_empty_field_leaves_alone_and_null_deletes() -> None:
    fact = only(said("ADT^A08", 'PID|1||4711^^^ANNA^MR||OKAFOR^NGOZI||""||""'), "Patient")
    assert (fact.cleared, "address" in fact.body) == (("birthDate",), False)


def test_null_address_is_cleared() -> None:
    assert "address" in only(said("ADT^A08", PID + '|||""'), "Patient").cleared


def test_patient_without_identifier_is_on_the_worklist_and_still_shown() -> None:
    meaning = said("ADT^A28", "PID|1||||OKAFOR^NGOZI")
    assert (len(of_type(meaning, "Patient")), meaning.problems[0].path) == (1, "PID[1].3")


def test_unknown_sex_code_is_a_problem_and_no_guess() -> None:
    meaning = said("ADT^A28", PID[:-1] + "MTF")
    assert ("gender" in only(meaning, "Patient").body, meaning.problems[0].path) == (False, "PID[1].8")


def test_impossible_birth_date_is_a_problem_and_no_guess() -> None:
    meaning = said("ADT^A28", PID.replace("19720304", "19720230"))
    assert ("birthDate" in only(meaning, "Patient").body, meaning.problems[0].path) == (False, "PID[1].7")


def test_problem_names_its_patient_and_no_content() -> None:
    meaning = said("ADT^A28", PID.replace("19720304", "19720230"))
    problem = meaning.problems[0]
    assert (problem.patient, "1972" in problem.reason) == (only(meaning, "Patient").id, False)


def test_bed_is_unit_room_and_bed() -> None:
    (place,) = encounter(visit("A01"))["location"]  # type: ignore[misc]
    assert place == {
        "location": {"display": "4W 412 B", "identifier": {"value": "4W^412^B^ANNA"}},
        "status": "active",
    }


@pytest.mark.parametrize(
    ("trigger", "status"),
    [
        ("A01", "in-progress"),
        ("A02", "in-progress"),
        ("A03", "finished"),
        ("A04", "in-progress"),
        ("A05", "planned"),
        ("A11", "cancelled"),
        ("A12", "in-progress"),
        ("A13", "in-progress"),
    ],
)
def test_event_decides_the_status_of_the_visit(trigger: str, status: str) -> None:
    assert encounter(visit(trigger))["status"] == status


def test_update_does_not_reopen_a_finished_visit() -> None:
    gone, updated = visit("A03", at="20261123150000"), visit("A08", at="20261123160000")
    assert encounter(gone, updated)["status"] == "finished"


def test_update_alone_says_the_patient_is_here() -> None:
    assert encounter(visit("A08"))["status"] == "in-progress"


def test_cancelled_discharge_takes_the_end_away() -> None:
    ended = PV1 + "|" * 25 + "20261101080000|20261123150000"
    body = encounter(visit("A03", ended, at="20261123150000"), visit("A13", at="20261123160000"))
    assert (body["status"], "period" in body) == ("in-progress", False)


def test_cancelled_transfer_brings_the_patient_back() -> None:
    moved = PV1.replace("4W^412^B", "ICU^1^A")
    body = encounter(visit("A02", moved, at="20261123150000"), visit("A12", at="20261123151000"))
    assert body["location"][0]["location"]["display"] == "4W 412 B"  # type: ignore[index]


def test_bed_named_by_a_result_counts_only_until_registration_named_one() -> None:
    old = PV1.replace("4W^412^B", "ED^3^A")
    result = said(
        "ORU^R01", PID, old, "OBR|1||F1|718-7^Hb^LN", "OBX|1|NM|718-7^Hb^LN||12|g/dL|||||F", at="20261123170000"
    )
    body = encounter(visit("A01"), result)
    assert body["location"][0]["location"]["display"] == "4W 412 B"  # type: ignore[index]


def test_bed_named_by_a_result_counts_while_registration_is_silent() -> None:
    result = said("ORU^R01", PID, PV1, "OBR|1||F1|718-7^Hb^LN", "OBX|1|NM|718-7^Hb^LN||12|g/dL|||||F")
    assert encounter(result)["location"][0]["location"]["display"] == "4W 412 B"  # type: ignore[index]


def test_bed_of_a_result_without_a_visit_number_is_no_second_bed() -> None:
    bare = PV1.replace("V100^^^ANNA^VN", "")
    meaning = said("ORU^R01", PID, bare, "OBR|1||F1|718-7^Hb^LN", "OBX|1|NM|718-7^Hb^LN||12|g/dL|||||F")
    assert of_type(meaning, "Encounter") == []


@pytest.mark.parametrize("trigger", ["A28", "A31"])
def test_event_about_a_person_makes_no_visit(trigger: str) -> None:
    assert of_type(said(f"ADT^{trigger}", PID, "PV1|1|N"), "Encounter") == []


@pytest.mark.parametrize("trigger", ["A35", "A42", "A44"])
def test_merge_of_accounts_and_visits_links_no_patients(trigger: str) -> None:
    meaning = said(f"ADT^{trigger}", f"EVN|{trigger}", PID, "MRG|4699^^^ANNA^MR||A1||V1", PV1)
    assert ([f for f in meaning.facts if f.op is Op.LINK], meaning.problems[-1].path) == ([], "EVN[1]")


def test_message_without_attender_does_not_take_the_known_one_away() -> None:
    bare = PV1.replace("99^HALE^IRIS^^^DR", "")
    body = encounter(visit("A01"), visit("A08", bare, at="20261123160000"))
    assert body["participant"][0]["individual"]["display"] == "DR IRIS HALE"  # type: ignore[index]


def test_swap_moves_both_patients() -> None:
    other = PID.replace("4711", "4712").replace("OKAFOR", "REYES")
    second = PV1.replace("V100", "V200").replace("412^B", "413^A")
    meaning = said("ADT^A17", "EVN|A17|20261123150000", PID, PV1, other, second)
    assert [fact.patient for fact in of_type(meaning, "Encounter")] == [fact.id for fact in of_type(meaning, "Patient")]


def test_merge_is_a_link_of_the_absorbed_to_the_surviving() -> None:
    meaning = said("ADT^A40", PID, "MRG|4699^^^ANNA^MR")
    (link,) = [fact for fact in meaning.facts if fact.op is Op.LINK]
    old = only(said("ADT^A28", PID.replace("4711", "4699")), "Patient").id
    assert (link.id, link.body) == (old, {"into": only(said("ADT^A28", PID), "Patient").id})


def test_merge_that_names_nobody_is_on_the_worklist() -> None:
    meaning = said("ADT^A40", PID, "MRG|")
    assert (meaning.problems[0].path, [f for f in meaning.facts if f.op is Op.LINK]) == ("MRG[1].1", [])


def test_merge_with_itself_is_on_the_worklist() -> None:
    meaning = said("ADT^A40", PID, "MRG|4711^^^ANNA^MR")
    assert [f for f in meaning.facts if f.op is Op.LINK] == []


def test_unlink_takes_the_link_of_the_same_two_back() -> None:
    other = PID.replace("4711", "4712")
    link = next(f for f in said("ADT^A24", PID, other).facts if f.op is Op.LINK)
    unlink = next(f for f in said("ADT^A37", PID, other).facts if f.op is Op.UNLINK)
    assert (link.id, link.body) == (unlink.id, unlink.body)


def test_deleting_a_person_is_left_to_people() -> None:
    meaning = said("ADT^A29", "EVN|A29|20261123150000", PID)
    assert ([f for f in meaning.facts if f.op is Op.DELETE], meaning.understood) == ([], Understood.PART)


def test_moved_visit_belongs_to_the_new_patient() -> None:
    meaning = said("ADT^A45", PID, "MRG|4699^^^ANNA^MR||||V100^^^ANNA^VN", PV1)
    moved = [fact for fact in of_type(meaning, "Encounter") if fact.path == "MRG[1]"]
    assert (moved[0].id, moved[0].patient) == (of_type(visit("A01"), "Encounter")[0].id, only(meaning, "Patient").id)


def test_weight_and_code_status_in_an_admission_are_observations() -> None:
    rows = (
        "OBX|1|NM|29463-7^Body weight^LN||71.50|kg^^UCUM|||||F|||20261123",
        "OBX|2|CWE|81351-9^Code status^LN||304253006^DNR^SCT||||||F",
    )
    meaning = said("ADT^A01", PID, PV1, *rows)
    weight, code = of_type(meaning, "Observation")
    assert (str(weight.body["valueQuantity"]["value"]), code.body["valueCodeableConcept"]["text"]) == ("71.50", "DNR")


def test_site_calls_two_spellings_one_authority() -> None:
    site = type(SITE)(facility="st-anna", authority="ANNA", codes={"authority": {"1.2.3": ("ANNA", "", "")}})
    spelt = PID.replace("^^^ANNA^MR", "^^^&1.2.3&ISO^MR")
    assert only(said("ADT^A28", spelt, site=site), "Patient").id == only(said("ADT^A28", PID), "Patient").id


def test_next_of_kin_is_a_contact() -> None:
    meaning = said("ADT^A01", PID, "NK1|1|OKAFOR^CHIDI|SPO^Spouse||^PRN^PH^^^555^1234", PV1)
    assert only(meaning, "Patient").body["contact"][0]["name"] == {"family": "OKAFOR", "given": ["CHIDI"]}
