"""ORM, OML, OMG: orders of tests, their timing, their end, and what takes their place."""

from __future__ import annotations

from decimal import Decimal

import pytest
from meanings import PID, PV1, folded, of_type, only, said

from codedark.entries import Fact, Interpretation, Understood

ORC = "ORC|NW|P9^ANNA|F9^LAB|G1^ANNA|IP||||20261123140000|||99^HALE^IRIS||5550100|||||||||||||||I^Inpatient^HL70482"
OBR = "OBR|1|P9^ANNA|F9^LAB|718-7^Hemoglobin^LN"
SPM = "SPM|1|S1&EHR^S2&LAB||BLD^Blood^HL70487"


def order(*segments: str, kind: str = "OML^O21", **how: str) -> Interpretation:
    return said(kind, PID, PV1, *segments, **how)


def state(*meanings: Interpretation) -> str:
    """The status of the one ServiceRequest these messages are about."""
    (body,) = [body for (kind, _), body in folded(meanings).items() if kind == "ServiceRequest"]
    return str(body["status"])


def test_order_says_what_for_how_urgent_by_whom_and_whom_to_call() -> None:
    obr = OBR + "|S|||||||DROPLET^Droplet isolation|^recent transfusion||||||||||||||||||D64.9^Anaemia^I10C"
    body = only(order(ORC, obr), "ServiceRequest").body
    assert (
        body["code"]["text"],
        body["priority"],
        body["reasonCode"][0]["text"],
        body["requester"]["display"],
        body["extension"][0]["valueContactPoint"]["value"],
        [note["text"] for note in body["note"]],
        body["locationCode"][0]["text"],
    ) == (
        "Hemoglobin",
        "stat",
        "Anaemia",
        "IRIS HALE",
        "5550100",
        ["danger: Droplet isolation", "clinical information: recent transfusion"],
        "Inpatient",
    )


@pytest.mark.parametrize(
    ("code", "priority"),
    [
        ("S", "stat"),
        ("STAT", "stat"),
        ("A", "asap"),
        ("R", "routine"),
        ("T", "urgent"),
        ("TM5", "urgent"),
        ("r", "routine"),
    ],
)
def test_urgency_in_any_spelling_is_read(code: str, priority: str) -> None:
    assert only(order(ORC, f"TQ1|1||||||||{code}", OBR), "ServiceRequest").body["priority"] == priority


def test_urgency_that_is_no_code_is_not_guessed() -> None:
    assert "priority" not in only(order(ORC, OBR + "|X9"), "ServiceRequest").body


def test_repeated_test_keeps_its_pattern_bounds_and_count() -> None:
    tq1 = "TQ1|1|1|Q6H&every 6 hours&HL70335||||20261123150000|20261125150000||||||8"
    timing = only(order(ORC, tq1, OBR), "ServiceRequest").body["occurrenceTiming"]
    assert (timing["code"]["text"], timing["repeat"]["boundsPeriod"]["end"][:10], timing["repeat"]["count"]) == (
        "every 6 hours",
        "2026-11-25",
        8,
    )


def test_test_without_a_pattern_has_a_time_and_one_with_a_pattern_keeps_it() -> None:
    plain = only(order(ORC, "TQ1|1||||||20261123150000", OBR), "ServiceRequest").body
    once = only(order(ORC, "TQ1|1||ONCE||||20261123150000", OBR), "ServiceRequest").body
    assert (plain["occurrenceDateTime"][:16], once["occurrenceTiming"]["code"]["text"]) == ("2026-11-23T15:00", "ONCE")


def test_remark_says_who_wrote_it_and_when() -> None:
    (note,) = only(order(ORC, OBR, "NTE|1||draw from the line||77^RUIZ^ANA|20261123140500"), "ServiceRequest").body[
        "note"
    ]
    assert (note["text"], note["authorString"], note["time"][:16]) == (
        "draw from the line",
        "ANA RUIZ",
        "2026-11-23T14:05",
    )


def test_old_timing_of_the_obr_is_read() -> None:
    obr = OBR + "|" * 23 + "1^Q12H^D2^202611231500^^S"
    body = only(said("ORM^O01", PID, "ORC|NW|P9^ANNA", obr), "ServiceRequest").body
    assert (body["priority"], body["occurrenceTiming"]["code"]["text"], body["note"]) == (
        "stat",
        "Q12H",
        [{"text": "for 2 days"}],
    )


def test_specimen_of_an_order_is_named() -> None:
    meaning = order(ORC, OBR, SPM)
    assert only(meaning, "ServiceRequest").body["specimen"] == [
        {"reference": f"Specimen/{only(meaning, 'Specimen').id}"}
    ]


@pytest.mark.parametrize(
    ("control", "status"),
    [
        ("NW", "active"), ("OK", "active"), ("SN", "active"), ("CH", "active"), ("RO", "active"), ("RL", "active"),
        ("OE", "active"), ("UC", "active"), ("UD", "active"), ("XR", "active"), ("RQ", "active"), ("RU", "active"),
        ("CA", "revoked"), ("OC", "revoked"), ("CR", "revoked"), ("DC", "revoked"), ("OD", "revoked"),
        ("DR", "revoked"), ("UA", "revoked"), ("HD", "on-hold"), ("OH", "on-hold"), ("HR", "on-hold"),
        ("UH", "on-hold"), ("FU", "completed"),
    ],
)  # fmt: skip
def test_every_order_control_code_that_matters_has_its_status(control: str, status: str) -> None:
    assert state(order(ORC.replace("|NW|", f"|{control}|").replace("|IP|", "||"), OBR)) == status


@pytest.mark.parametrize(
    "control", ["RE", "XO", "XX", "SC", "SS", "SR", "NA", "RR", "RP", "PA", "UX", "UM", "DE", "MC"]
)
def test_control_codes_that_say_nothing_of_the_state_leave_it_alone(control: str) -> None:
    first, later = order(ORC, OBR), order(ORC.replace("|NW|", f"|{control}|").replace("|IP|", "||"), OBR, at="20261124")
    assert (state(first, later), "status" in only(later, "ServiceRequest").body) == ("active", False)


def replaced(*numbers: str) -> list[Fact]:
    """RP and RO of one message, with these placer numbers."""
    old, new = (ORC.replace("P9^ANNA|F9^LAB", f"{number}^ANNA|") for number in numbers)
    pair = (
        old.replace("|NW|", "|RP|").replace("|IP|", "||"),
        OBR,
        new.replace("|NW|", "|RO|"),
        "OBR|2|||4548-4^HbA1c^LN",
    )
    return of_type(order(*(part.replace("P9^ANNA|F9^LAB", "|") for part in pair)), "ServiceRequest")


def test_replaced_order_is_over_and_the_new_one_says_which_it_replaces() -> None:
    old, new = replaced("P9", "P10")
    assert (old.body["status"], new.body["status"], new.body["replaces"]) == (
        "revoked",
        "active",
        [{"reference": f"ServiceRequest/{old.id}"}],
    )


def test_replacement_under_the_same_number_does_not_end_it() -> None:
    assert [fact.body.get("status") for fact in replaced("P9", "P9")] == [None, "active"]


def test_replace_request_without_its_replacement_ends_nothing() -> None:
    assert state(order(ORC, OBR), order(ORC.replace("|NW|", "|RP|"), OBR, at="20261124")) == "active"


def test_why_and_from_when_an_order_ends_is_said() -> None:
    orc = "ORC|DC|P9^ANNA|||||||20261123140000||||||20261124080000|DUP^duplicate order"
    said_of = {
        each["url"].rpartition("/")[2]: each for each in only(order(orc, OBR), "ServiceRequest").body["extension"]
    }
    assert (
        said_of["urn:codedark:takes-effect"]["valueDateTime"][:16],
        said_of["request-statusReason"]["valueCodeableConcept"]["text"],
    ) == ("2026-11-24T08:00", "duplicate order")


def test_replayed_order_does_not_revive_a_stopped_one() -> None:
    stop = order(ORC.replace("|NW|", "|DC|").replace("20261123140000", "20261124080000"), OBR, at="20261124080000")
    replay = order(ORC, OBR, at="20261213120000", control="REPLAY")
    assert state(order(ORC, OBR), stop, replay) == "revoked"


def test_control_an_order_without_its_own_time_would_be_revived_by_a_replay() -> None:
    """Negative control: it is ORC-9 that keeps a stopped order stopped; by sending time alone the replay wins."""
    bare = ORC.replace("20261123140000", "")
    stop = order(bare.replace("|NW|", "|DC|"), OBR, at="20261124080000")
    assert state(order(bare, OBR), stop, order(bare, OBR, at="20261213120000")) == "active"


def test_child_order_names_its_parent() -> None:
    child = "ORC|CH|P9-1^ANNA|||||||20261123140000".replace("|||||||", "||||||P9&ANNA^F9&LAB|")
    parent = only(order(ORC, OBR), "ServiceRequest")
    (named,) = only(order(child, "OBR|1|||718-7^Hemoglobin^LN"), "ServiceRequest").body["basedOn"]
    assert (named["reference"], named["identifier"]["value"]) == (f"ServiceRequest/{parent.id}", "P9")


def test_confidential_order_says_so() -> None:
    orc = "ORC|NW|P9^ANNA" + "|" * 26 + "R^Restricted^HL70177"
    assert only(order(orc, OBR), "ServiceRequest").body["meta"]["security"][0]["code"] == "R"


def test_alternate_and_group_numbers_are_kept() -> None:
    orc = "ORC|NW|P9^ANNA" + "|" * 31 + "ALT1^^^ANNA|||||GRP7^LAB"
    numbers = [each["value"] for each in only(order(orc, OBR), "ServiceRequest").body["identifier"]]
    assert numbers == ["P9", "F9", "ALT1", "GRP7"]


def test_sequence_of_orders_is_said_in_words_and_read_in_full() -> None:
    meaning = order(ORC, "TQ1|1||Q8H", "TQ2|1|S|P7^ANNA|||ES||10^min", OBR)
    assert (only(meaning, "ServiceRequest").body["note"], meaning.understood) == (
        [{"text": "starts when order P7 ends, interval 10 min"}],
        Understood.FULL,
    )


@pytest.mark.parametrize("kind", ["ORM^O01", "OML^O21", "OML^O33", "OML^O35", "OMG^O19", "OMI^O23"])
def test_order_of_every_message_is_the_same_order(kind: str) -> None:
    fact = only(order(ORC, OBR, kind=kind), "ServiceRequest")
    assert (fact.id, fact.body["code"]["text"]) == (only(order(ORC, OBR), "ServiceRequest").id, "Hemoglobin")


def test_amount_of_blood_products_ordered_is_kept() -> None:
    body = only(order(ORC, "TQ1|1|2^{unit}&units", "OBR|1|||RBC^Red cells^L"), "ServiceRequest").body
    assert body["quantityQuantity"] == {"value": Decimal(2), "unit": "units"}
