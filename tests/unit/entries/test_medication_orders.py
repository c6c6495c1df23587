"""OMP, RDE, ORM with medicines, RAS, RDS: orders and doses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from meanings import PID, PV1, folded, of_type, only, said

from codedark.entries import Interpretation
from codedark.entries.moments import ASSUMED_ZONE

ORC = "ORC|NW|P55^ANNA|F66^PHARM||IP||||20261123140000|||99^HALE^IRIS"
TQ1 = "TQ1|1||Q12H&every 12 hours&HL70335|0300~1500|||20261123150000|20261130150000|S"
RXE = "RXE||11124^Vancomycin 1 g^RXNORM|1.0||g^^UCUM|INJ|^over 60 min"
RXR = "RXR|IV^Intravenous^HL70162"
RXA = "RXA|0|1|20261123145800|20261123145800|11124^Vancomycin 1 g^RXNORM|1.0|g^^UCUM|||77^RUIZ^ANA|4W^412^B"


def order(orc: str = ORC, rxe: str = RXE, tq1: str = TQ1, **how: str) -> Interpretation:
    return said("RDE^O11", PID, PV1, orc, tq1, rxe, RXR, **how)


def dose(rxa: str = RXA, orc: str = "ORC|RE|P55^ANNA|F66^PHARM", **how: str) -> Interpretation:
    return said("RAS^O17", PID, PV1, orc, rxa, RXR, **how)


def test_order_says_medicine_dose_route_and_pattern_as_ordered() -> None:
    body = only(order(), "MedicationRequest").body
    dosage = body["dosageInstruction"][0]
    assert (
        body["medicationCodeableConcept"]["text"],
        dosage["doseAndRate"][0]["doseQuantity"],
        dosage["route"]["text"],
        dosage["timing"]["code"]["text"],
        dosage["text"],
    ) == (
        "Vancomycin 1 g",
        {"value": Decimal("1.0"), "unit": "g", "system": "http://unitsofmeasure.org", "code": "g"},
        "Intravenous",
        "every 12 hours",
        "over 60 min",
    )


def test_route_has_the_published_code_and_the_one_that_was_sent() -> None:
    codings = only(order(), "MedicationRequest").body["dosageInstruction"][0]["route"]["coding"]
    assert [coding["code"] for coding in codings] == ["IVINJ", "IV"]


def test_explicit_times_are_kept() -> None:
    repeat = only(order(), "MedicationRequest").body["dosageInstruction"][0]["timing"]["repeat"]
    assert repeat["timeOfDay"] == ["03:00:00", "15:00:00"]


@pytest.mark.parametrize(
    ("control", "order_status", "status"),
    [
        ("NW", "", "active"),
        ("NW", "IP", "active"),
        ("DC", "", "stopped"),
        ("DC", "IP", "stopped"),
        ("OD", "", "stopped"),
        ("CA", "", "cancelled"),
        ("OC", "", "cancelled"),
        ("HD", "", "on-hold"),
        ("OH", "IP", "on-hold"),
        ("RL", "", "active"),
        ("SC", "CM", "completed"),
        ("SC", "DC", "stopped"),
        ("SC", "HD", "on-hold"),
    ],
)
def test_order_control_and_status_decide(control: str, order_status: str, status: str) -> None:
    orc = ORC.replace("ORC|NW", f"ORC|{control}").replace("||IP||", f"||{order_status}||")
    assert only(order(orc), "MedicationRequest").body["status"] == status


@pytest.mark.parametrize("control", ["XO", "RE", "XX"])
def test_control_that_says_nothing_of_the_status_leaves_it_alone(control: str) -> None:
    orc = ORC.replace("ORC|NW", f"ORC|{control}").replace("||IP||", "||||")
    assert "status" not in only(order(orc), "MedicationRequest").body


def test_stop_outlives_a_replay_of_the_order() -> None:
    stop = order(ORC.replace("ORC|NW", "ORC|DC").replace("20261123140000", "20261125080000"), at="20261125080000")
    replay = order(at="20261213120000", control="REPLAY")
    (body,) = [body for (kind, _), body in folded([order(), stop, replay]).items() if kind == "MedicationRequest"]
    assert body["status"] == "stopped"


def test_change_keeps_what_it_does_not_name() -> None:
    change = said("RDE^O11", PID, PV1, ORC.replace("|NW|", "|XO|"), RXE.replace("|1.0|", "|1.5|"), at="20261124150000")
    (body,) = [body for (kind, _), body in folded([order(), change]).items() if kind == "MedicationRequest"]
    assert (body["authoredOn"][:10], body["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"]) == (
        "2026-11-23",
        Decimal("1.5"),
    )


def test_dose_range_is_a_range() -> None:
    body = only(order(rxe=RXE.replace("|1.0||", "|1|2|")), "MedicationRequest").body
    assert set(body["dosageInstruction"][0]["doseAndRate"][0]) == {"doseRange"}


@pytest.mark.parametrize("pattern", ["PRN", "PRNQ4H", "Q4HPRN"])
def test_as_needed_is_said(pattern: str) -> None:
    dosage = only(order(tq1=f"TQ1|1||{pattern}"), "MedicationRequest").body["dosageInstruction"][0]
    assert dosage["asNeededBoolean"] is True


def test_as_needed_says_for_what() -> None:
    dosage = only(order(tq1="TQ1|1||PRNQ4H|||||||pain > 4"), "MedicationRequest").body["dosageInstruction"][0]
    assert dosage["asNeededCodeableConcept"] == {"text": "pain > 4"}


def test_infusion_has_a_rate() -> None:
    rxe = "RXE||5224^Heparin^RXNORM|25000||[iU]^^UCUM" + "|" * 18 + "12|mL/h^^UCUM"
    dose_and_rate = only(order(rxe=rxe), "MedicationRequest").body["dosageInstruction"][0]["doseAndRate"][0]
    assert dose_and_rate["rateQuantity"]["value"] == Decimal(12)


def test_mixture_without_a_name_is_named_by_its_parts() -> None:
    parts = ("RXC|B|D5^Dextrose 5 %|1000|mL", "RXC|A|KCL^Potassium chloride|20|meq")
    body = only(said("ORM^O01", PID, ORC, "RXO|", *parts), "MedicationRequest").body
    assert body["medicationCodeableConcept"] == {"text": "Dextrose 5 % 1000 mL + Potassium chloride 20 meq"}


def test_order_without_a_medicine_is_on_the_worklist() -> None:
    meaning = order(rxe="RXE|||1||g")
    assert (meaning.problems[0].path, meaning.problems[0].type) == ("RXE[1]", "MedicationRequest")


def test_old_timing_in_orc_7_is_read() -> None:
    orc = ORC.replace("IP||", "IP||1^Q6H^D10^202611231500^^R")
    dosage = only(said("ORM^O01", PID, orc, "RXO|161^Acetaminophen^RXNORM|650||mg"), "MedicationRequest").body
    assert dosage["dosageInstruction"][0]["timing"]["code"]["coding"][0]["code"] == "Q6H"


def test_dose_is_linked_to_its_order_by_the_placer_number() -> None:
    request = only(dose(), "MedicationAdministration").body["request"]
    assert request == {"reference": f"MedicationRequest/{only(order(), 'MedicationRequest').id}"}


def test_dose_says_time_amount_route_and_nurse() -> None:
    body = only(dose(), "MedicationAdministration").body
    assert (
        body["status"],
        body["effectiveDateTime"],
        body["dosage"]["dose"]["value"],
        body["dosage"]["route"]["text"],
        body["performer"][0]["actor"]["display"],
    ) == ("completed", "2026-11-23T14:58:00-05:00", Decimal("1.0"), "Intravenous", "ANA RUIZ")


def test_dose_says_that_its_zone_was_assumed() -> None:
    beside = only(dose(), "MedicationAdministration").body["_effectiveDateTime"]
    assert beside["extension"] == [{"url": ASSUMED_ZONE, "valueString": "20261123145800"}]


@pytest.mark.parametrize(
    ("code", "status"), [("CP", "completed"), ("PA", "completed"), ("RE", "not-done"), ("NA", "not-done")]
)
def test_completion_decides_whether_it_was_given(code: str, status: str) -> None:
    rxa = RXA + "|" * 7 + f"patient refused||{code}"
    body = only(dose(rxa), "MedicationAdministration").body
    assert (body["status"], body["statusReason"][0]["text"]) == (status, "patient refused")


def test_unknown_completion_code_is_unknown_and_not_given() -> None:
    assert only(dose(RXA + "|" * 9 + "QQ"), "MedicationAdministration").body["status"] == "unknown"


def dose_status(*meanings: Interpretation) -> str:
    (body,) = [body for (kind, _), body in folded(meanings).items() if kind == "MedicationAdministration"]
    return str(body["status"])


def test_dose_taken_back_is_entered_in_error() -> None:
    back = dose(RXA + "|" * 9 + "CP|D", at="20261123160000")
    assert dose_status(back, dose()) == "entered-in-error"


def test_dose_charted_again_after_it_was_taken_back_is_given() -> None:
    back = dose(RXA + "|" * 9 + "CP|D", at="20261123160000")
    again = dose(RXA + "|" * 9 + "CP|A", at="20261123170000")
    assert dose_status(again, back, dose()) == "completed"


def test_dose_charted_late_does_not_bring_a_stopped_order_back() -> None:
    stop = order(ORC.replace("ORC|NW", "ORC|DC"), at="20261124080000")
    late = said("RAS^O17", PID, PV1, "ORC|NW|P55^ANNA|F66^PHARM", RXE, RXR, RXA, RXR, at="20261124090000")
    (body,) = [body for (kind, _), body in folded([stop, late]).items() if kind == "MedicationRequest"]
    assert body["status"] == "stopped"


def test_dose_without_a_time_is_on_the_worklist_and_kept() -> None:
    meaning = dose(RXA.replace("20261123145800|20261123145800", "|"))
    assert (len(of_type(meaning, "MedicationAdministration")), meaning.problems[0].path) == (1, "RXA[1].3")


def test_dose_with_an_impossible_time_has_none() -> None:
    meaning = dose(RXA.replace("20261123145800|20261123145800", "20261123995800|"))
    assert "effectiveDateTime" not in only(meaning, "MedicationAdministration").body


def test_second_dose_of_an_order_is_another_dose() -> None:
    later = dose(RXA.replace("RXA|0|1|", "RXA|0|2|").replace("1458", "1502"))
    assert only(later, "MedicationAdministration").id != only(dose(), "MedicationAdministration").id


def test_dose_said_twice_is_one_dose() -> None:
    assert only(dose(control="M2"), "MedicationAdministration").id == only(dose(), "MedicationAdministration").id


def test_several_doses_of_one_order_are_all_read() -> None:
    second = RXA.replace("RXA|0|1|", "RXA|0|2|").replace("1458", "1502")
    meaning = said("RAS^O17", PID, ORC, RXA, RXR, second, RXR)
    assert len(of_type(meaning, "MedicationAdministration")) == 2


def test_running_infusion_is_a_rate_and_no_dose() -> None:
    dosage = only(dose(RXA + "|h"), "MedicationAdministration").body["dosage"]
    assert ("dose" in dosage, dosage["rateQuantity"]["unit"]) == (False, "g/h")


def test_amount_that_is_no_number_stays_text() -> None:
    dosage: dict[str, Any] = only(dose(RXA.replace("|1.0|", "|one half|")), "MedicationAdministration").body["dosage"]
    assert (dosage["text"], "dose" in dosage) == ("one half g", False)


def test_doses_are_heard_as_mar_and_orders_as_orders() -> None:
    assert (dose().topics, order().topics) == ({"mar"}, {"orders"})


def test_dispense_cites_its_order() -> None:
    meaning = said("RDS^O13", PID, ORC, "RXD|1|11124^Vancomycin^RXNORM|20261123|2|EA")
    assert only(meaning, "MedicationDispense").body["authorizingPrescription"] == [
        {"reference": f"MedicationRequest/{only(order(), 'MedicationRequest').id}"}
    ]


def test_two_medicines_under_one_number_are_two_orders_and_a_person_is_told() -> None:
    meaning = said("OMP^O09", PID, ORC, "RXO|1^Aspirin^L|81||mg", ORC, "RXO|2^Heparin^L|5000||U")
    names = [fact.body["medicationCodeableConcept"]["text"] for fact in of_type(meaning, "MedicationRequest")]
    ids = {fact.id for fact in of_type(meaning, "MedicationRequest")}
    assert (names, len(ids), len(meaning.problems)) == (["Aspirin", "Heparin"], 2, 1)


def test_words_in_place_of_a_pattern_are_text_and_no_code() -> None:
    timing = only(order(tq1="TQ1|1||3 times daily"), "MedicationRequest").body["dosageInstruction"][0]["timing"]
    assert timing == {"code": {"text": "3 times daily"}}


def test_pattern_is_found_in_orc_7_when_rxe_1_holds_only_a_time() -> None:
    orc = ORC.replace("IP||", "IP||10^BID^D4")
    rxe = RXE.replace("RXE||", "RXE|^^^20261123150000|")
    dosage = only(said("RDE^O11", PID, orc, rxe), "MedicationRequest").body["dosageInstruction"][0]
    assert dosage["timing"]["code"]["text"] == "BID"


def test_dose_that_ends_before_it_starts_has_only_its_start() -> None:
    meaning = dose(RXA.replace("20261123145800|20261123145800", "20261123145800|20261123135800"))
    body = only(meaning, "MedicationAdministration").body
    assert (body["effectiveDateTime"][:16], meaning.problems[0].path) == ("2026-11-23T14:58", "RXA[1].4")


@pytest.mark.parametrize("kind", ["ORM^O01", "RDE^O11"])
def test_stop_that_does_not_repeat_the_medicine_stops_it(kind: str) -> None:
    stop = said(kind, PID, PV1, "ORC|DC|P55^ANNA|F66^PHARM", at="20261124080000")
    (body,) = [body for (kind, _), body in folded([order(), stop]).items() if kind == "MedicationRequest"]
    assert (body["status"], body["medicationCodeableConcept"]["text"]) == ("stopped", "Vancomycin 1 g")


def test_stop_of_a_test_that_is_not_repeated_stops_it() -> None:
    ordered = said("ORM^O01", PID, PV1, "ORC|NW|P9^ANNA", "OBR|1|P9^ANNA||718-7^Hb^LN")
    stop = said("ORM^O01", PID, PV1, "ORC|CA|P9^ANNA", at="20261124080000")
    (body,) = [body for (kind, _), body in folded([ordered, stop]).items() if kind == "ServiceRequest"]
    assert (body["status"], body["code"]["text"]) == ("revoked", "Hb")


def test_order_without_number_and_content_is_on_the_worklist() -> None:
    meaning = said("ORM^O01", PID, PV1, "ORC|DC")
    assert [problem.path for problem in meaning.problems] == ["ORC[1]"]
