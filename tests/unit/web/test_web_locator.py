"""The front desk: a unit for a name, for those of whom it was heard that a visitor may be told, and nothing else."""

from __future__ import annotations

import re

import pytest
from web_rig import PENICILLIN, Got, Guest, House

from codedark.views import Publicity, publicity

MAY, NO = "PD1" + "|" * 12 + "N", "PD1" + "|" * 12 + "Y"
FAMILY_ONLY = "PD1" + "|" * 11 + "F"
HIDDEN_VISIT = "PV2" + "|" * 22 + "Y"
CLINICAL = re.compile("Penicillin|482193|1955|HALE|room|01 A")
V3 = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"


def told(home: House, mrn: str, name: str, unit: str, flag: str = "", visit: str = "", trigger: str = "A01") -> None:
    """An admission (or another event) of somebody, with what it says of visitors."""
    lines = [
        f"MSH|^~\\&|EHR|WTB|CODEDARK|WTB|20260921150500||ADT^{trigger}|{trigger}{mrn}{len(flag + visit)}|P|2.5.1",
        f"EVN|{trigger}|20260921150500",
        f"PID|1||{mrn}^^^WTB^MR||{name}||19550304|F",
        flag,
        f"PV1|1|I|{unit}^01^A^WTB||||1234^HALE^JOHN||||||||||||V{mrn}|||||||||||||||||||||||||20260921",
        visit,
        PENICILLIN,
    ]
    home.hear("\r".join(filter(None, lines)))


def ask(guest: Guest, name: str) -> Got:
    guest.get("/locator")
    return guest.post("/locator", {"name": name})


def main_of(got: Got) -> str:
    """What the page says, without the frame, its tokens and its slips."""
    text = re.sub(r'value="[^"]*"', "", got.text[got.text.index("<main") : got.text.index("</main")])
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("name", ["Doe Jane", "DOE, JANE", "jane doe", "Doe 1955-03-04", "doe jane 04-Mar-1955"])
def test_somebody_of_whom_it_may_be_told_is_found_by_name_and_unit(home: House, name: str) -> None:
    told(home, "7001", "DOE^JANE", "6S", MAY)

    said = main_of(ask(home.in_as("desk"), name))

    assert "<bdi>DOE, JANE</bdi>" in said
    assert "<bdi>6S</bdi>" in said
    assert not CLINICAL.search(said)


@pytest.mark.parametrize(("flag", "visit"), [(NO, ""), (FAMILY_ONLY, ""), (MAY, HIDDEN_VISIT), (NO, HIDDEN_VISIT)])
def test_who_must_not_be_told_of_is_answered_like_a_name_that_nobody_has(home: House, flag: str, visit: str) -> None:
    told(home, "7001", "DOE^JANE", "6S", flag, visit)
    desk = home.in_as("desk")

    assert main_of(ask(desk, "Doe Jane")) == main_of(ask(desk, "Nobody Atall"))


def test_the_control_the_same_person_without_that_flag_is_told_of(home: House) -> None:
    told(home, "7001", "DOE^JANE", "6S", MAY)
    desk = home.in_as("desk")

    assert main_of(ask(desk, "Doe Jane")) != main_of(ask(desk, "Nobody Atall"))


def test_a_flag_that_was_never_heard_is_said_and_nothing_is_told(home: House) -> None:
    said = main_of(ask(home.in_as("desk"), "Marlowe Ada"))

    assert "Do not tell." in said
    assert "nobody has said whether a visitor may be told" in said
    assert not re.search("MARLOWE|4W", said)


def test_a_later_message_without_the_flag_does_not_take_it_away(home: House) -> None:
    told(home, "7001", "DOE^JANE", "6S", NO)
    told(home, "7001", "DOE^JANE", "6S", trigger="A08")

    assert "DOE" not in main_of(ask(home.in_as("desk"), "Doe Jane"))


def test_whoever_has_left_is_not_found(home: House) -> None:
    told(home, "7001", "DOE^JANE", "6S", MAY)
    told(home, "7001", "DOE^JANE", "6S", MAY, trigger="A03")

    assert "No information can be given" in main_of(ask(home.in_as("desk"), "Doe Jane"))


@pytest.mark.parametrize("name", ["Doe", "1955-03-04", "7001 7001", "D J", "Do Ja", "7001 Doe", "%% __"])
def test_half_a_name_or_a_number_finds_nobody(home: House, name: str) -> None:
    told(home, "7001", "DOE^JANE", "6S", MAY)

    assert "6S" not in main_of(ask(home.in_as("desk"), name))


def test_each_person_told_of_is_a_row_of_the_read_log_and_the_words_are_not(home: House) -> None:
    told(home, "7001", "DOE^JANE", "6S", MAY)
    desk = home.in_as("desk")

    ask(desk, "Doe Jane")
    ask(desk, "Nobody Atall")

    rows = [said for said in home.said("chart.viewed") if said.what == "locator"]
    assert [(said.patient, said.unit, said.reason) for said in rows] == [(home.patient("6S"), "6S", ""), ("", "", "")]


def test_the_front_desk_opens_no_list_and_no_chart(home: House) -> None:
    desk = home.in_as("desk")

    for path in (f"/chart/{home.patient('4W')}", "/beds?unit=4W"):
        assert desk.get(path).status == 403
    assert "MARLOWE" not in desk.post("/search", {"text": "MARLOWE"}).text


def test_while_nothing_can_be_written_the_desk_is_answered_under_the_banner(home: House) -> None:
    told(home, "7001", "DOE^JANE", "6S", MAY)
    desk = home.in_as("desk")
    home.full = True

    got = ask(desk, "Doe Jane")

    assert "UNLOGGED READING" in got.text
    assert "6S" in main_of(got)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([], Publicity.NOT_HEARD),
        ([{"system": V3, "code": "N"}], Publicity.MAY),
        ([{"system": V3, "code": "N"}, {"system": V3, "code": "R"}], Publicity.NO),
        ([{"system": V3, "code": "V"}], Publicity.NO),
        ([{"system": "urn:unknown", "code": "N"}], Publicity.NO),
        (["N"], Publicity.NO),
        ([None], Publicity.NO),
    ],
)
def test_a_label_that_is_not_known_stands_against_it(labels: list[object], said: Publicity) -> None:
    assert publicity(labels) is said
