"""PID, PD1, NK1, PV1 and PV2 by the rows of the published maps."""

from __future__ import annotations

from meanings import folded, of_type, only, said

PID = (
    "PID|1||4711^^^ANNA^MR||OKAFOR^NGOZI||19720304|F|||12 Elm St^^Town^NY^10001^USA^H|061|555-1||EN||||"
    "123456789|D1234567^NY^20290101|9001^^^ANNA^MR||||||NGA^Nigeria^ISO3166||VET"
)


def _at(field: int, value: str, name: str = "PV1") -> str:
    """A PV1 (or PV2) of one visit with one more field."""
    fields = {2: "I", 3: "4W^412^B^ANNA", 19: "V100^^^ANNA^VN"} if name == "PV1" else {}
    fields[field] = value
    return f"{name}|" + "|".join(fields.get(number, "") for number in range(1, max(fields) + 1))


def test_the_county_of_pid_12_stands_in_the_only_address_that_has_none() -> None:
    body = only(said("ADT^A08", PID), "Patient").body
    assert [place["district"] for place in body["address"]] == ["061"]


def test_a_licence_and_a_mothers_number_are_kept_as_what_they_are() -> None:
    body = only(said("ADT^A08", PID), "Patient").body
    licence = next(each for each in body["identifier"] if each["value"] == "D1234567")
    assert licence["type"]["coding"][0]["code"] == "DL"
    assert licence["assigner"] == {"display": "NY"}
    assert licence["period"] == {"end": "2029-01-01"}
    mother = next(each for each in body["extension"] if each["url"] == "urn:codedark:mother")
    assert mother["valueIdentifier"]["value"] == "9001"


def test_next_of_kin_says_who_how_to_reach_and_since_when() -> None:
    kin = (
        "NK1|1|OKAFOR^CHIDI|SPO^Spouse^HL70063|12 Elm St^^Town|555-2|555-3|C^Emergency Contact^HL70131|20200101|||||"
        "Acme Works^^77||M"
    )
    (contact,) = only(said("ADT^A08", PID, kin), "Patient").body["contact"]
    assert [each["coding"][0]["code"] for each in contact["relationship"]] == ["SPS", "C"]
    assert [each["use"] for each in contact["telecom"]] == ["home", "work"]
    assert contact["gender"] == "male"
    assert contact["period"] == {"start": "2020-01-01"}
    assert contact["organization"]["display"] == "Acme Works"


def test_a_wish_not_to_be_named_survives_an_update_that_says_nothing_of_it() -> None:
    hidden = said("ADT^A28", PID, "PD1|||||||||||N^No Publicity^HL70215|Y", at="20261123140000")
    later = said("ADT^A08", PID.replace("OKAFOR", "OKORO"), at="20261123150000", control="M2")
    (body,) = (body for (kind, _), body in folded([hidden, later]).items() if kind == "Patient")
    assert body["name"][0]["family"] == "OKORO"
    assert [label["code"] for label in body["meta"]["security"]] == ["N", "R"]


def test_ambulatory_status_diet_and_vip_are_arrangements_of_the_stay() -> None:
    meaning = said("ADT^A01", PID, _at(15, "A2~B6"), _at(3, "", "PV2"))
    stay = only(meaning, "Encounter").body["hospitalization"]
    assert [each["text"] for each in stay["specialArrangement"]] == ["Wheelchair or stretcher bound", "Pregnant"]
    diet = only(said("ADT^A01", PID, _at(38, "DIAB")), "Encounter").body["hospitalization"]["dietPreference"]
    assert diet[0]["coding"][0]["system"].endswith("v2-0114")
    vip = said("ADT^A01", PID, _at(16, "Y"))
    assert only(vip, "Encounter").body["hospitalization"]["specialCourtesy"][0]["text"] == "Y"
    assert only(vip, "Patient").body["extension"][-1]["url"].endswith("patient-importance")


def test_a_temporary_place_never_takes_the_bed_away() -> None:
    places = only(said("ADT^A01", PID, _at(11, "OR^2")), "Encounter").body["location"]
    assert [(place["location"]["display"], place["status"]) for place in places] == [
        ("OR 2", "active"),
        ("4W 412 B", "active"),
    ]


def test_a_pending_place_is_reserved_and_nobody_lies_there() -> None:
    places = of_type(said("ADT^A15", PID, _at(42, "5E^501^A")), "Encounter")[0].body["location"]
    assert [place["status"] for place in places] == ["reserved", "active"]


def test_expected_dates_precautions_and_priority_come_from_pv2() -> None:
    pv2 = "PV2||PRI|R07.9^Chest pain^I10|||||20261123|202611271200||3" + "|" * 14 + "E" + "|" * 13 + "A"
    pv2 += "|||C^Confused^HL70435"
    body = only(said("ADT^A01", PID, _at(4, "E"), pv2), "Encounter").body
    named = {each["url"].rpartition(".")[2].rpartition(":")[2]: each for each in body["extension"]}
    assert named["plannedEndDate"]["valueDateTime"].startswith("2026-11-27T12:00")
    assert named["precaution"]["valueCodeableConcept"]["text"] == "Confused"
    assert body["length"]["code"] == "d"
    assert body["priority"]["coding"][0]["code"] == "E"


def test_a_pending_discharge_says_when_and_leaves_the_patient_in_bed() -> None:
    admitted = said("ADT^A01", PID, _at(4, "E"), at="20261123140000")
    pending = said("ADT^A16", PID, _at(3, ""), "PV2|||||||||202611271200", at="20261123150000", control="M2")
    (body,) = (body for (kind, _), body in folded([pending, admitted]).items() if kind == "Encounter")
    assert body["status"] == "in-progress"
    assert body["location"][0]["location"]["display"] == "4W 412 B"
    assert body["extension"][0]["url"].endswith("plannedEndDate")
