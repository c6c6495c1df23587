"""Documents, problems, goals, procedures and bookings by the rows of the published maps, and what becomes of each."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from meanings import PID, PV1, folded, of_type, only, said

_DOC = "TXA|1|DS|TX|20261123140000||||||||{}^ANNA|{}|||note.txt|AU|R"
_SCH = (
    "SCH|P1^ANNA|F1^ANNA||||{}|CHECKUP^Check-up^HL70277|||30|MIN|^^^20261125090000|"
    "5^BOOK^ER||||||||7^DESK^ANN||||||O1^ANNA"
)


def _document(number: str, parent: str = "") -> str:
    return _DOC.format(number, f"{parent}^ANNA" if parent else "")


def _documents(*sent: tuple[str, str, str]) -> dict[str, dict[str, Any]]:
    """By number: the documents that these (trigger, TXA, text) add up to, each an hour after the one before."""
    meanings = [
        said(
            f"MDM^{trigger}",
            PID,
            txa,
            *([f"OBX|1|TX|||{words}"] if words else []),
            at=f"202611231{hour}0000",
            control=f"M{hour}",
        )
        for hour, (trigger, txa, words) in enumerate(sent)
    ]
    found = [body for (kind, _), body in folded(meanings).items() if kind == "DocumentReference"]
    return {body.get("masterIdentifier", {}).get("value", ""): body for body in found}


def _text(body: dict[str, Any]) -> str:
    return base64.b64decode(body["content"][0]["attachment"]["data"]).decode()


def test_a_replacement_supersedes_what_it_replaces_and_says_so() -> None:
    found = _documents(("T02", _document("D1"), "first"), ("T10", _document("D2", "D1"), "second"))
    assert found["D1"]["status"] == "superseded"
    assert found["D2"]["relatesTo"][0]["code"] == "replaces"


def test_a_replacement_heard_before_its_original_still_supersedes_it() -> None:
    late = said("MDM^T02", PID, _document("D1"), "OBX|1|TX|||first", at="20261123100000")
    soon = said("MDM^T10", PID, _document("D2", "D1"), "OBX|1|TX|||second", at="20261123110000", control="M2")
    assert folded([late, soon]) == folded([soon, late])


def test_an_addendum_adds_and_supersedes_nothing() -> None:
    found = _documents(("T02", _document("D1"), "first"), ("T06", _document("D2", "D1"), "more"))
    assert found["D1"]["status"] == "current"
    assert found["D2"]["relatesTo"][0]["code"] == "appends"


def test_a_notice_without_text_never_takes_the_text_away() -> None:
    found = _documents(("T02", _document("D1"), "first"), ("T03", _document("D1"), ""))
    assert _text(found["D1"]) == "first"


def test_an_edit_of_the_same_number_is_the_text_now() -> None:
    assert _text(_documents(("T02", _document("D1"), "first"), ("T08", _document("D1"), "second"))["D1"]) == "second"


def test_a_cancelled_document_was_entered_in_error() -> None:
    found = _documents(("T02", _document("D1"), "first"), ("T11", _document("D1"), ""))
    assert found["D1"]["status"] == "entered-in-error"


def test_a_document_says_its_file_its_secrecy_and_its_state() -> None:
    body = only(said("MDM^T02", PID, _document("D1"), "OBX|1|TX|||x"), "DocumentReference").body
    assert body["identifier"] == [{"value": "note.txt"}]
    assert body["securityLabel"][0]["coding"][0]["code"] == "R"
    assert body["docStatus"] == "final"


def test_a_problem_deleted_and_added_again_is_there() -> None:
    prb = "PRB|{}|20261123|I10^Hypertension^I10|PR1^ANNA|||||||||confirmed|A"
    gone = said("PPR^PC3", PID, prb.format("DE"), at="20261123100000")
    again = said("PPR^PC1", PID, prb.format("AD"), at="20261123110000", control="M2")
    (body,) = (body for (kind, _), body in folded([again, gone]).items() if kind == "Condition")
    assert body["verificationStatus"]["coding"][0]["code"] == "confirmed"
    assert body["clinicalStatus"]["coding"][0]["code"] == "active"


def test_a_goal_has_words_a_state_and_a_day() -> None:
    gol = "GOL|AD|20261123|WALK^Walks alone|G1^ANNA|||20261120|20261201||||||||||A^Active"
    goal = only(said("PGL^PC6", PID, PV1, gol), "Goal").body
    assert goal["description"]["text"] == "Walks alone"
    assert goal["lifecycleStatus"] == "active"
    assert goal["target"] == [{"dueDate": "2026-12-01"}]


def test_a_procedure_says_who_did_what_for_how_long() -> None:
    pr1 = "PR1|1||47562^Cholecystectomy^C4||202611231000|A|45|1^GAS^MAN|||99^HALE^IRIS||||K80^Gallstones^I10"
    body = only(said("ADT^A01", PID, PV1, pr1), "Procedure").body
    assert body["performedPeriod"]["end"].startswith("2026-11-23T10:45")
    assert [each["function"]["coding"][0]["display"] for each in body["performer"]] == ["Anesthesiologist", "Surgeon"]
    assert body["reasonCode"][0]["text"] == "Gallstones"


@pytest.mark.parametrize(
    ("trigger", "status"),
    [("S12", "booked"), ("S13", "booked"), ("S14", "booked"), ("S15", "cancelled"), ("S26", "noshow")],
)
def test_a_booking_is_in_the_state_its_event_says(trigger: str, status: str) -> None:
    assert only(said(f"SIU^{trigger}", _SCH.format(""), PID), "Appointment").body["status"] == status


def test_a_booking_says_why_it_is_off_until_it_is_on_again() -> None:
    off = said("SIU^S15", _SCH.format("ILL^Patient ill"), PID, at="20261123100000")
    on = said("SIU^S13", _SCH.format("MOV^Moved"), PID, at="20261123110000", control="M2")
    assert only(off, "Appointment").body["cancelationReason"]["text"] == "Patient ill"
    (body,) = (body for (kind, _), body in folded([on, off]).items() if kind == "Appointment")
    assert "cancelationReason" not in body


def test_a_booking_names_its_kind_its_order_its_people_and_its_note() -> None:
    parts = ("RGS|1", "AIP|1||99^HALE^IRIS|SUR^Surgeon||20261125091000", "AIL|1||OR^2", "NTE|1||bring glasses")
    body = only(said("SIU^S12", _SCH.format(""), PID, *parts), "Appointment").body
    assert body["appointmentType"]["text"] == "Check-up"
    assert body["basedOn"][0]["identifier"]["value"] == "O1"
    assert body["comment"] == "bring glasses"
    surgeon = next(each for each in body["participant"] if each["actor"].get("display") == "IRIS HALE")
    assert surgeon["type"][0]["text"] == "Surgeon"
    assert surgeon["period"]["start"].startswith("2026-11-25T09:10")


def test_an_access_restriction_is_a_label_of_the_record() -> None:
    body = only(said("ADT^A31", PID, "ARV|1|A|LOC^Location^HL70717|VIP"), "Patient").body
    assert body["meta"]["security"][0]["code"] == "LOC"
    assert "meta" not in only(said("ADT^A31", PID, "ARV|1|D|LOC^Location^HL70717"), "Patient").body


def test_a_restriction_is_read_and_no_longer_unread() -> None:
    assert "ARV" not in said("ADT^A31", PID, "ARV|1|A|LOC^Location^HL70717|VIP").unread


def test_an_allergy_says_its_number_and_who_told() -> None:
    iam = "IAM|1|DA|PEN^Penicillin|SV|Rash|A|AL1^ANNA|||||||CHIDI^OKAFOR|SPO^Spouse"
    (fact,) = of_type(said("ADT^A60", PID, PV1, iam), "AllergyIntolerance")
    assert fact.body["identifier"][0]["value"] == "AL1"
    assert fact.body["recorder"]["display"].endswith("(Spouse)")
