"""VXU: what was given, refused or told, from which lot, where, by whom."""

from __future__ import annotations

from typing import Any

import pytest
from meanings import PID, folded, of_type, only, said

from codedark.entries import Interpretation

ORC = "ORC|RE|P7^ANNA|F7^REG||||||20261123101500|||99^HALE^IRIS"
RXR = "RXR|IM^Intramuscular^HL70162|LD^Left deltoid^HL70163"


def rxa(**at: str) -> str:
    """An RXA of an influenza vaccine with these fields in place of the usual ones."""
    usual = {
        "f1": "0", "f2": "1", "f3": "20261123100000", "f4": "20261123100000", "f5": "150^Influenza quadrivalent^CVX",
        "f6": "0.5", "f7": "mL^^UCUM", "f9": "00^New record^NIP001", "f10": "77^RUIZ^ANA", "f11": "CLINIC",
        "f15": "LOT9", "f16": "20270630", "f17": "PMC^Sanofi^MVX", "f20": "CP", "f21": "A", "f22": "20261123100500",
    }  # fmt: skip
    numbered = {int(key[1:]): text for key, text in (usual | at).items()}
    return "|".join(["RXA", *(numbered.get(n, "") for n in range(1, max(numbered) + 1))])


def vaccination(**at: str) -> dict[str, Any]:
    """The Immunization of such a message."""
    return only(said("VXU^V04", PID, ORC, rxa(**at), RXR), "Immunization").body


def test_vaccination_says_vaccine_lot_expiry_maker_site_route_place_and_people() -> None:
    body = vaccination()
    assert (
        body["status"], body["vaccineCode"]["text"], body["lotNumber"], body["expirationDate"],
        body["manufacturer"]["display"], body["site"]["text"], body["route"]["text"], body["location"]["display"],
        [(each["function"]["coding"][0]["code"], each["actor"]["display"]) for each in body["performer"]],
        body["recorded"][:16],
    ) == (
        "completed", "Influenza quadrivalent", "LOT9", "2027-06-30", "Sanofi", "Left deltoid", "Intramuscular",
        "CLINIC", [("AP", "ANA RUIZ"), ("OP", "IRIS HALE")], "2026-11-23T10:05",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("at", "status", "why"),
    [
        ({"f20": "RE", "f18": "00^Parental decision^NIP002"}, "not-done", "Parental decision"),
        ({"f20": "", "f18": "00^Parental decision^NIP002"}, "not-done", "Parental decision"),
        ({"f20": "RE"}, "not-done", "refused"),
        ({"f20": "NA"}, "not-done", ""),
        ({"f20": "CP", "f21": "D"}, "entered-in-error", ""),
    ],
)
def test_refused_not_given_and_taken_back_are_told_apart(at: dict[str, str], status: str, why: str) -> None:
    body = vaccination(**at)
    assert (body["status"], body.get("statusReason", {}).get("text", "")) == (status, why)


def test_outcome_that_is_not_understood_is_not_said_to_be_given() -> None:
    meaning = said("VXU^V04", PID, ORC, rxa(f20="XX"), RXR)
    body = only(meaning, "Immunization").body
    assert (body["status"], body["statusReason"]["text"]) == ("not-done", "outcome not understood: XX")
    assert [problem.path for problem in meaning.problems] == ["RXA[1].20"]


def test_part_of_a_dose_is_said_to_be_no_full_one() -> None:
    assert vaccination(f20="PA")["isSubpotent"] is True


@pytest.mark.parametrize(("code", "own"), [("00^New record", True), ("01^Historical information", False)])
def test_who_tells_of_a_vaccination_is_kept(code: str, own: bool) -> None:
    body = vaccination(f9=f"{code}^NIP001")
    assert (body["primarySource"], "reportOrigin" in body) == (own, not own)


def test_remark_beside_a_vaccination_is_a_note() -> None:
    assert vaccination(f9="^given in the left arm")["note"] == [{"text": "given in the left arm"}]


def test_amount_that_was_not_recorded_is_not_made_up() -> None:
    assert "doseQuantity" not in vaccination(f6="999")


def test_several_vaccines_of_one_visit_keep_their_own_site() -> None:
    other = rxa(f5="115^Tdap^CVX", f15="LOT10")
    meaning = said("VXU^V04", PID, ORC, rxa(), RXR, ORC.replace("F7", "F8"), other, RXR.replace("LD^Left", "RD^Right"))
    assert [(fact.body["lotNumber"], fact.body["site"]["text"]) for fact in of_type(meaning, "Immunization")] == [
        ("LOT9", "Left deltoid"),
        ("LOT10", "Right deltoid"),
    ]


def test_correction_of_a_vaccination_meets_the_same_one() -> None:
    again = said("VXU^V04", PID, ORC, rxa(f15="LOT11", f21="U"), RXR, at="20261124120000")
    both: list[Interpretation] = [again, said("VXU^V04", PID, ORC, rxa(), RXR)]
    (body,) = [body for (kind, _), body in folded(both).items() if kind == "Immunization"]
    assert body["lotNumber"] == "LOT11"


def test_message_without_a_vaccine_makes_none_and_keeps_what_it_observes() -> None:
    history = "OBX|1|CE|59784-9^Disease with presumed immunity^LN||38907003^Varicella^SCT||||||F|||20100101"
    meaning = said("VXU^V04", PID, ORC, rxa(f5="998^No vaccine administered^CVX", f9=""), history)
    assert (
        len(of_type(meaning, "Immunization")),
        only(meaning, "Observation").body["valueCodeableConcept"]["text"],
    ) == (
        0,
        "Varicella",
    )
