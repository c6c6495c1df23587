"""RXO, RXE, RXG, RXR, RXC, TQ1, TQ2, RXA and RXD: everything a nurse or pharmacist must read, and its absence."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from meanings import PID, PV1, SITE, fields, folded, of_type, only, said

from codedark.entries import Interpretation, Site, Understood

ORC = "ORC|NW|P55^ANNA|F66^PHARM||IP||||20261123140000|||99^HALE^IRIS"
RXR = "RXR|IV^Intravenous^HL70162"


RXE = {"f2": "5224^Heparin^RXNORM", "f3": "25000", "f5": "[iU]^units^UCUM"}


def request(*segments: str, kind: str = "RDE^O11", **how: str) -> dict[str, Any]:
    """The MedicationRequest of a message of these segments below one ORC."""
    return only(said(kind, PID, PV1, ORC, *segments, **how), "MedicationRequest").body


def dosage(*segments: str, **how: str) -> dict[str, Any]:
    """The only dosage of that order."""
    (one,) = request(*segments, **how)["dosageInstruction"]
    return dict(one)


def test_order_says_why_what_may_stand_in_how_much_is_sent_and_how_often_again() -> None:
    body = request(fields("RXE", **RXE, f9="G", f10="30", f11="TAB^tablet", f12="2", f27="I48.91^AF^I10C", f44="S"))
    assert (
        body["reasonCode"][0]["text"],
        body["substitution"]["allowedCodeableConcept"]["text"],
        body["dispenseRequest"]["quantity"],
        body["dispenseRequest"]["numberOfRepeatsAllowed"],
        body["category"][0]["text"],
    ) == (
        "AF",
        "generic substitution allowed",
        {"value": Decimal(30), "unit": "tablet"},
        2,
        "IV large volume solution",
    )


def test_requested_order_says_the_same_in_its_own_fields() -> None:
    rxo = fields(
        "RXO", f1="161^Acetaminophen^RXNORM", f2="650", f4="mg", f9="N", f11="10", f12="TAB", f13="1", f20="^pain"
    )
    body = request(rxo, kind="OMP^O09")
    assert (
        body["reasonCode"][0]["text"],
        body["substitution"]["allowedCodeableConcept"]["coding"][0]["code"],
        body["dispenseRequest"]["quantity"]["value"],
    ) == ("pain", "N", Decimal(10))


def test_infusion_keeps_its_rate_in_the_unit_that_was_sent() -> None:
    (one,) = dosage(fields("RXE", **RXE, f23="12.5", f24="mL/h^mL per hour^UCUM"), RXR)["doseAndRate"]
    assert one["rateQuantity"] == {
        "value": Decimal("12.5"),
        "unit": "mL per hour",
        "system": "http://unitsofmeasure.org",
        "code": "mL/h",
    }


@pytest.mark.parametrize(("per", "span"), [("H", (1, "h")), ("H8", (8, "h")), ("M30", (30, "min"))])
def test_amount_for_a_span_of_time_is_a_rate(per: str, span: tuple[int, str]) -> None:
    (one,) = dosage(fields("RXE", **RXE, f22=per))["doseAndRate"]
    below = one["rateRatio"]["denominator"]
    assert ((below["value"], below["unit"]), one["rateRatio"]["numerator"]["value"]) == (span, Decimal(25000))


def test_rate_of_a_requested_infusion_is_read() -> None:
    rxo = fields("RXO", f1="5224^Heparin^RXNORM", f2="25000", f4="units", f21="18", f22="units/kg/h")
    (one,) = dosage(rxo, kind="OMP^O09")["doseAndRate"]
    assert (one["rateQuantity"]["value"], one["rateQuantity"]["unit"]) == (Decimal(18), "units/kg/h")


def test_most_in_a_day_strength_parts_and_lot_are_kept() -> None:
    body = request(
        fields(
            "RXE", **RXE, f6="INJ^injection", f19="50000^[iU]&units&UCUM", f25="5000", f26="units", f33="1", f34="mL"
        )
    )
    (product,) = body["contained"]
    strength = product["ingredient"][0]["strength"]
    assert (
        body["dosageInstruction"][0]["maxDosePerPeriod"]["numerator"]["value"],
        (strength["numerator"]["value"], strength["denominator"]["unit"]),
        product["form"]["text"],
    ) == (Decimal(50000), (Decimal(5000), "mL"), "injection")


def test_mixture_says_what_is_added_and_what_carries_it() -> None:
    body = request(fields("RXE", **RXE), "RXC|B|D5W^Dextrose 5 %|1000|mL", "RXC|A|KCL^Potassium chloride|20|meq")
    (mixture,) = body["contained"]
    assert [(each["itemCodeableConcept"]["text"], each["isActive"]) for each in mixture["ingredient"]] == [
        ("Dextrose 5 %", False),
        ("Potassium chloride", True),
    ]


def test_order_in_free_text_is_named_by_its_text() -> None:
    body = request("RXO||||||^Magic mouthwash 15 mL swish and spit", kind="OMP^O09")
    assert body["medicationCodeableConcept"]["text"] == "Magic mouthwash 15 mL swish and spit"


def test_other_routes_pump_and_routing_instruction_are_said() -> None:
    one = dosage(
        fields("RXE", **RXE),
        "RXR|IV^Intravenous^HL70162||PCA^PCA pump||central^central line only",
        "RXR|SC^Subcutaneous",
    )
    assert (one["route"]["text"], [each["text"] for each in one["additionalInstruction"]]) == (
        "Intravenous",
        ["by PCA pump", "central line only", "or Subcutaneous"],
    )


def test_every_part_of_a_taper_is_there_in_its_order() -> None:
    body = request(
        fields("RXE", **RXE),
        "TQ1|1|40^mg|QD&daily|||5^d|20261123|||||S",
        "TQ1|2|20^mg|QD&daily|||5^d|20261128|||||S",
        "TQ2|2|S||||||||T",
    )
    assert [
        (each["sequence"], each["timing"]["repeat"]["boundsPeriod"]["start"], each["additionalInstruction"][-1]["text"])
        for each in body["dosageInstruction"]
    ] == [(1, "2026-11-23", "for 5 days"), (2, "2026-11-28", "tapering")]


def test_parts_of_an_old_timing_are_all_read() -> None:
    orc = ORC.replace("IP||", "IP||1^Q6H^D2~1^Q8H^D3")
    meaning = said("ORM^O01", PID, orc, "RXO|161^Acetaminophen^RXNORM|650||mg")
    listed = only(meaning, "MedicationRequest").body["dosageInstruction"]
    assert [each["timing"]["code"]["text"] for each in listed] == ["Q6H", "Q8H"]


def test_amount_of_a_timing_is_the_dose_only_when_no_other_is_said() -> None:
    with_dose = dosage(fields("RXE", **RXE), "TQ1|1|2^TAB|QD")["doseAndRate"][0]["doseQuantity"]
    without = dosage("RXE||161^Acetaminophen^RXNORM", "TQ1|1|2^TAB&tablets|QD")["doseAndRate"][0]["doseQuantity"]
    assert (with_dose["value"], without) == (Decimal(25000), {"value": Decimal(2), "unit": "tablets"})


def test_days_of_the_week_period_event_length_and_count_are_structured() -> None:
    tq1 = "TQ1|1||TIW&three a week&HL70335^DW^1^5^8^H^^AC|0800~2000|||20261123||R|||S|2^h|6"
    timing = dosage(fields("RXE", **RXE), tq1)["timing"]["repeat"]
    assert (
        timing["dayOfWeek"],
        timing["period"],
        timing["periodUnit"],
        timing["when"],
        timing["duration"],
        timing["count"],
    ) == (
        ["mon", "tue", "wed", "thu", "fri"],
        Decimal(8),
        "h",
        ["AC"],
        Decimal(2),
        6,
    )


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [("6", "2", ["sat", "sun", "mon", "tue"]), ("7", "", ["sun"]), ("1", "34", None), ("8", "9", None)],
)
def test_days_go_round_the_week_and_what_is_no_day_names_none(first: str, last: str, days: list[str] | None) -> None:
    timing = dosage(fields("RXE", **RXE), f"TQ1|1||D&daily&HL70335^DW^{first}^{last}||||20261123")["timing"]["repeat"]
    assert timing.get("dayOfWeek") == days


def test_condition_of_an_order_is_an_instruction() -> None:
    one = dosage(fields("RXE", **RXE), "TQ1|1||Q6H|||||||hold if systolic < 90|call pharmacy")
    assert (one["additionalInstruction"], one["patientInstruction"]) == (
        [{"text": "hold if systolic < 90"}],
        "call pharmacy",
    )


def test_timing_that_comes_again_means_the_same_and_an_impossible_one_is_told_each_time() -> None:
    good, bad = "TQ1|1||Q6H||||20261123150000", "TQ1|1||Q6H||||20269923150000"
    said_of = [said("RDE^O11", PID, ORC, fields("RXE", **RXE), tq1) for tq1 in (good, bad, good, bad)]
    timings = [only(each, "MedicationRequest").body["dosageInstruction"][0]["timing"] for each in said_of]
    assert (timings[0] == timings[2], timings[1] == timings[3], [len(each.problems) for each in said_of]) == (
        True,
        True,
        [0, 1, 0, 1],
    )


def test_timing_is_read_in_the_zone_of_the_site() -> None:
    elsewhere = Site(facility="st-anna", zone="Europe/Vienna", authority="ANNA")
    segments = (PID, ORC, fields("RXE", **RXE), "TQ1|1||Q6H||||20261123150000")
    starts = [
        only(said("RDE^O11", *segments, site=site), "MedicationRequest").body["dosageInstruction"][0]["timing"][
            "repeat"
        ]
        for site in (SITE, elsewhere)
    ]
    assert [each["boundsPeriod"]["start"][-6:] for each in starts] == ["-05:00", "+01:00"]


def test_as_needed_is_also_said_by_the_priority() -> None:
    assert dosage(fields("RXE", **RXE), "TQ1|1||Q6H||||||PRN")["asNeededBoolean"] is True


def test_hold_says_why_and_from_when() -> None:
    orc = "ORC|HD|P55^ANNA|||||||20261123140000||||||20261123180000|NPO^nothing by mouth"
    body = only(said("RDE^O11", PID, orc, fields("RXE", **RXE)), "MedicationRequest").body
    assert (body["status"], body["statusReason"]["text"], body["extension"][0]["valueDateTime"][:16]) == (
        "on-hold",
        "nothing by mouth",
        "2026-11-23T18:00",
    )


def test_replaced_medicine_is_stopped_and_the_new_one_names_it() -> None:
    old = "ORC|RP|P55^ANNA|||||||20261123140000"
    new = "ORC|RO|P56^ANNA|||||||20261123140000"
    meaning = said("OMP^O09", PID, old, "RXO|1^Aspirin^L|81||mg", new, "RXO|2^Apixaban^L|5||mg")
    first, second = of_type(meaning, "MedicationRequest")
    assert (first.body["status"], second.body["status"], second.body["priorPrescription"]["reference"]) == (
        "stopped",
        "active",
        f"MedicationRequest/{first.id}",
    )


def test_what_was_asked_and_what_will_be_given_are_not_mixed() -> None:
    rxo = fields("RXO", f1="161^Acetaminophen^RXNORM", f2="500", f4="mg", f20="^fever")
    asked = (ORC, "TQ1|1||Q4H", rxo, "RXR|PO^Oral^HL70162")
    given_as = (fields("RXE", **RXE), "TQ1|1||Q12H", RXR, "RXC|A|KCL^Potassium chloride|20|meq")
    body = only(said("RDE^O11", PID, PV1, *asked, *given_as), "MedicationRequest").body
    (one,) = body["dosageInstruction"]
    assert (
        body["medicationCodeableConcept"]["text"],
        one["timing"]["code"]["text"],
        one["route"]["text"],
        "additionalInstruction" in one,
        body["reasonCode"][0]["text"],
    ) == ("Heparin", "Q12H", "Intravenous", False, "fever")


def test_route_of_a_dose_is_not_the_route_of_its_order() -> None:
    segments = (ORC, fields("RXE", **RXE), "RXR|PO^Oral^HL70162", fields("RXA", **RXA), RXR)
    meaning = said("RAS^O17", PID, PV1, *segments)
    ordered = only(meaning, "MedicationRequest").body["dosageInstruction"][0]
    assert (
        ordered["route"]["text"],
        "additionalInstruction" in ordered,
        only(meaning, "MedicationAdministration").body["dosage"]["route"]["text"],
    ) == ("Oral", False, "Intravenous")


# Doses
RXA = {"f1": "0", "f2": "1", "f3": "20261123145800", "f5": "11124^Vancomycin^RXNORM", "f6": "1", "f7": "g"}


def given(site: Site = SITE, **more: str) -> dict[str, Any]:
    """The MedicationAdministration of an RXA with these further fields."""
    meaning = said("RAS^O17", PID, PV1, "ORC|RE|P55^ANNA", fields("RXA", **(RXA | more)), site=site)
    return only(meaning, "MedicationAdministration").body


@pytest.mark.parametrize(
    ("code", "reason", "status", "words"),
    [
        ("CP", "", "completed", ""),
        ("PA", "vomited", "completed", "vomited"),
        ("RE", "", "not-done", "refused"),
        ("RE", "^patient declined", "not-done", "patient declined"),
        ("NA", "", "not-done", "not administered"),
        ("", "^off the ward", "not-done", "off the ward"),
        ("HELD", "", "on-hold", "HELD"),
        ("refused", "", "not-done", "refused"),
        ("QQ", "", "unknown", "QQ"),
        ("QQ", "^no pump", "unknown", "no pump"),
    ],
)
def test_every_outcome_of_a_dose_keeps_its_reason(code: str, reason: str, status: str, words: str) -> None:
    body = given(f18=reason, f20=code)
    assert (body["status"], "".join(each["text"] for each in body.get("statusReason", ()))) == (status, words)


def test_site_says_what_its_own_outcome_codes_mean() -> None:
    codes = {"completion": {"HLD": ("http://hl7.org/fhir/CodeSystem/medication-admin-status", "on-hold", "held")}}
    site = Site(facility="st-anna", zone="America/New_York", authority="ANNA", codes=codes)
    assert (given(site, f20="HLD")["status"], given(f20="HLD")["status"]) == ("on-hold", "unknown")


def test_dose_keeps_lot_expiry_maker_and_indication() -> None:
    body = given(f15="LOT9", f16="20271231", f17="ACME^Acme Pharma", f19="^sepsis", f20="CP")
    (product,) = body["contained"]
    assert (product["batch"], product["manufacturer"], body["reasonCode"][0]["text"]) == (
        {"lotNumber": "LOT9", "expirationDate": "2027-12-31"},
        {"display": "Acme Pharma"},
        "sepsis",
    )


def test_what_was_measured_at_a_dose_is_a_result_and_its_remark_is_not_the_dose_s() -> None:
    meaning = said(
        "RAS^O17", PID, PV1, "ORC|RE|P55^ANNA", fields("RXA", **RXA), RXR, "NTE|1||slow push",
        "OBX|1|NM|8867-4^Heart rate^LN||64|/min|||||F|||20261123145800", "NTE|1||regular",
    )  # fmt: skip
    dose, pulse = only(meaning, "MedicationAdministration").body, only(meaning, "Observation").body
    assert (dose["note"], pulse["note"], pulse["valueQuantity"]["value"]) == (
        [{"text": "slow push"}],
        [{"text": "regular"}],
        Decimal(64),
    )


def test_dose_after_a_measured_one_is_a_dose_too() -> None:
    second = fields("RXA", **(RXA | {"f2": "2", "f3": "20261123185800"}))
    pulse = "OBX|1|NM|8867-4^Heart rate^LN||64|/min|||||F|||20261123145800"
    meaning = said("RAS^O17", PID, PV1, "ORC|RE|P55^ANNA", fields("RXA", **RXA), RXR, pulse, second, RXR, "NTE|1||slow")
    doses = [fact.body for fact in meaning.facts if fact.type == "MedicationAdministration"]
    assert ["note" in dose for dose in doses] == [False, True]
    assert all(dose["dosage"]["route"] for dose in doses)


def test_dispense_says_what_by_whom_instead_of_what_and_in_which_batch() -> None:
    rxd = fields(
        "RXD", f1="1", f2="11124^Vancomycin^RXNORM", f3="20261123", f4="4", f5="VIAL^vial", f7="RX100", f9="keep cool",
        f10="55^LIM^BO", f11="G", f12="2^g", f18="LOT9", f19="20271231",
    )  # fmt: skip
    body = only(said("RDS^O13", PID, ORC, rxd, RXR), "MedicationDispense").body
    assert (
        body["quantity"],
        body["identifier"][0]["value"],
        body["performer"][0]["actor"]["display"],
        body["substitution"],
        body["contained"][0]["batch"]["lotNumber"],
        body["note"],
        body["dosageInstruction"][0]["route"]["text"],
    ) == (
        {"value": Decimal(4), "unit": "vial"},
        "RX100",
        "BO LIM",
        {"wasSubstituted": True},
        "LOT9",
        [{"text": "keep cool"}],
        "Intravenous",
    )


def test_cancelled_dispense_was_not_handed_out() -> None:
    rxd = "RXD|1|11124^Vancomycin^RXNORM|20261123|4|VIAL"
    assert (
        only(said("RDS^O13", PID, ORC.replace("|NW|", "|CA|"), rxd), "MedicationDispense").body["status"] == "cancelled"
    )


def test_give_order_never_revives_a_stopped_medicine() -> None:
    stop = said("RDE^O11", PID, ORC.replace("|NW|", "|DC|"), fields("RXE", **RXE), at="20261124080000")
    rxg = fields("RXG", f1="1", f4="5224^Heparin^RXNORM", f5="25000", f7="[iU]", f15="12", f16="mL/h", f22="^clot")
    give = said("RGV^O15", PID, PV1, ORC, rxg, RXR, at="20261124090000")
    bodies: list[Interpretation] = [stop, give]
    (body,) = [body for (kind, _), body in folded(bodies).items() if kind == "MedicationRequest"]
    assert (body["status"], give.understood) == ("stopped", Understood.FULL)
