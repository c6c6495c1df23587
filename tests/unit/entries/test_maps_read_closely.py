"""What a close reading of the published maps asks for: languages, units, kinds of orders, who gave a number, where."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from meanings import ORIGIN, PID, PV1, SITE, fields, message, of_type, only, said

from codedark.entries.v2.translation import translate_received


def whole(kind: str, *segments: str) -> list[dict[str, Any]]:
    """The resources of a message translated whole."""
    (bundle,) = translate_received(message(kind, *segments), SITE, ORIGIN, 7).bundles
    return [entry["resource"] for entry in bundle["entry"]]


def language(text: str) -> list[tuple[str, str]]:
    """(system, code) of PID-15."""
    said_of = only(said("ADT^A08", fields("PID", f3="4711^^^ANNA^MR", f15=text)), "Patient").body["communication"]
    return [(each.get("system", ""), each["code"]) for each in said_of[0]["language"]["coding"]]


@pytest.mark.parametrize(
    ("sent", "meant"), [("ara", "ar"), ("ARA", "ar"), ("eng^English^HL70296", "en"), ("deu", "de")]
)
def test_a_language_of_iso_639_is_said_as_bcp_47_before_the_senders_word(sent: str, meant: str) -> None:
    first, second = language(sent)
    assert first == ("urn:ietf:bcp:47", meant)
    assert second[1] == sent.partition("^")[0]


@pytest.mark.parametrize("sent", ["en^Endlish^L", "xq^Elvish", "7^Arabic^99LANG"])
def test_a_word_of_another_system_is_no_language_of_bcp_47(sent: str) -> None:
    assert [code for _, code in language(sent)] == [sent.partition("^")[0]]


def quantity(unit: str) -> dict[str, Any]:
    body = only(said("ORU^R01", PID, PV1, "OBR|1|P1|F1|X", f"OBX|1|NM|P^Pulse||60|{unit}|||||F"), "Observation").body
    return dict(body["valueQuantity"])


def test_a_code_of_a_unit_stands_beside_the_system_it_is_of() -> None:
    kept = {"value": Decimal(60), "unit": "beats/min", "system": "urn:codedark:codesystem:ISO", "code": "beats/min"}
    assert quantity("beats/min^^ISO") == kept
    assert quantity("/min^per minute^UCUM")["system"] == "http://unitsofmeasure.org"


def test_a_unit_without_a_system_is_words() -> None:
    assert quantity("beats/min") == {"value": Decimal(60), "unit": "beats/min"}


@pytest.mark.parametrize(("sent", "meant"), [("O", "OF"), ("I", "HOSP")])
def test_kind_of_an_order_is_the_place_it_is_for(sent: str, meant: str) -> None:
    order = only(said("OML^O21", PID, fields("ORC", f1="NW", f2="P1", f29=sent), "OBR|1|P1||X^Test"), "ServiceRequest")
    assert [each["code"] for each in order.body["locationCode"][0]["coding"]] == [meant, sent]


@pytest.mark.parametrize(
    ("sent", "meant"), [("Booked", "accepted"), ("Cancelled", "declined"), ("Noshow", "declined"), ("", "accepted")]
)
def test_who_was_taken_off_a_booking_does_not_take_part(sent: str, meant: str) -> None:
    doctor = fields("AIP", f1="1", f3="99^HALE^IRIS", f12=sent or "", f13="")
    booked = only(said("SIU^S12", "SCH|1|2", PID, "RGS|1", doctor), "Appointment").body["participant"]
    assert booked[1]["status"] == meant


def test_the_state_that_gave_a_licence_is_the_system_of_its_number() -> None:
    patient = only(said("ADT^A08", fields("PID", f3="4711^^^ANNA^MR", f20="D1^New York^20300101")), "Patient")
    (licence,) = [each for each in patient.body["identifier"] if each.get("value") == "D1"]
    assert (licence["system"], licence["assigner"]) == ("urn:codedark:authority:New%20York", {"display": "New York"})


def test_facility_that_gave_a_number_is_a_place() -> None:
    number = "MERCY^^^^^^^CLINIC A&1.2.3&ISO^^H1"
    found = whole("ADT^A08", PID, fields("PD1", f3=number), PV1)
    places = [each for each in found if each["resourceType"] == "Location" and each.get("name") == "CLINIC A"]
    assert [each["identifier"] for each in places] == [[{"value": "1.2.3"}]]


def test_every_visit_of_a_bill_is_an_encounter_and_an_unnumbered_second_one_is_none() -> None:
    first, second = PV1, PV1.replace("V100", "V101")
    unnumbered = "PV1|3|O|5E"
    visits = [each for each in whole("BAR^P01", PID, first, second, unnumbered) if each["resourceType"] == "Encounter"]
    assert [each["identifier"][0]["value"] for each in visits] == ["V101", "V100"]


def test_a_pending_bed_stays_told_of_somebody_who_left_and_the_chart_keeps_only_the_bed() -> None:
    pv1 = fields("PV1", f2="I", f3="4W^412^B^ANNA", f19="V100^^^ANNA^VN", f42="5E^1^A", f44="20261120", f45="20261123")
    (told,) = [each for each in whole("ADT^A03", PID, pv1) if each["resourceType"] == "Encounter"]
    (kept,) = of_type(said("ADT^A03", PID, pv1), "Encounter")
    assert [each["status"] for each in told["location"]] == ["reserved", "completed"]
    assert [each["status"] for each in kept.body["location"]] == ["completed"]


@pytest.mark.parametrize(("relation", "named"), [("SPO", ["DOE"]), ("SEL", [])])
def test_whoever_is_insured_for_the_patient_is_named_and_the_patient_is_nobody_else(
    relation: str, named: list[str]
) -> None:
    insurance = fields("IN1", f1="1", f2="BAV", f4="BLUE", f16="DOE^ROSE", f17=relation)
    found = whole("ADT^A08", PID, PV1, insurance)
    people = {f"RelatedPerson/{each['id']}": each for each in found if each["resourceType"] == "RelatedPerson"}
    (coverage,) = [each for each in found if each["resourceType"] == "Coverage"]
    subscriber = coverage["subscriber"]["reference"]
    assert [each["name"][0]["family"] for each in people.values()] == named
    assert (subscriber in people) == bool(named)
    assert named or subscriber == coverage["beneficiary"]["reference"]
