"""Who and what a message names, as resources: practitioners, houses, places, devices; each once, nothing invented."""

from __future__ import annotations

from typing import Any

from meanings import PID, message

from codedark.entries.v2.named import named_resources
from codedark.hl7 import parse


def named(kind: str, *segments: str, head: str = "ADT^A01") -> list[dict[str, Any]]:
    """The bodies of one type in a message of these segments, without the sender's own device and house."""
    found = named_resources(parse(message(head, PID, *segments)), "Europe/Vienna")
    return [body for each, body in found if each == kind]


def test_attender_is_a_practitioner_with_number_and_name() -> None:
    (body,) = named("Practitioner", "PV1|1|I|||||99^HALE^IRIS^M^JR^DR^MD^^STAFF&1.2.3&ISO^L^^^DN")
    assert body["identifier"] == [
        {
            "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "DN"}]},
            "system": "urn:oid:1.2.3",
            "value": "99",
        }
    ]
    assert body["name"] == [
        {"use": "official", "family": "HALE", "given": ["IRIS", "M"], "prefix": ["DR"], "suffix": ["JR", "MD"]}
    ]


def test_name_that_ends_keeps_its_period() -> None:
    (body,) = named("Practitioner", "PV1|1|I|||||99^HALE" + "^" * 17 + "20240101^20251231")
    assert body["name"][0]["period"] == {"start": "2024-01-01", "end": "2025-12-31"}


def test_house_that_gave_a_number_has_both_its_names() -> None:
    body = named("Organization", "PV1|1|I" + "|" * 17 + "V1^^^ADM&1.2.3&ISO^VN")[-1]
    kind = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0301", "code": "ISO"}]}
    universal = {"type": kind, "system": "urn:ietf:rfc:3986", "value": "urn:oid:1.2.3"}
    assert body == {"identifier": [{"value": "ADM"}, universal]}


def test_each_level_of_a_place_is_a_location() -> None:
    levels = named("Location", "PV1|1|I|4W^412^B^ANNA^^^HOUSE 2^F3^window side")
    assert [(each["name"], each["physicalType"]["coding"][0].get("code")) for each in levels] == [
        ("B", "bd"),
        ("412", "ro"),
        ("F3", "lvl"),
        ("4W", None),
        ("HOUSE 2", "bu"),
        ("ANNA", "si"),
    ]
    assert [each.get("description") for each in levels] == ["window side"] + [None] * 5


def test_who_is_named_twice_comes_once() -> None:
    assert len(named("Practitioner", "PV1|1|I|||||99^HALE|99^HALE|99^HALE")) == 1


def test_observer_and_director_have_their_roles() -> None:
    obx = "OBX|1|NM|1^A^L||5||||||F|||||7^LEE|||||||LAB ONE^L^^^^^XX^^^77|1 Main^^Town|8^DIR"
    segments = ("OBR|1|||9^P^L", obx)
    roles = named("PractitionerRole", *segments, head="ORU^R01")
    assert [role["code"][0]["coding"][0]["code"] for role in roles] == ["responsibleObserver", "MDIR"]
    (house,) = [each for each in named("Organization", *segments, head="ORU^R01") if "name" in each]
    assert (house["name"], house["identifier"][0]["value"], house["address"][0]["city"]) == ("LAB ONE", "77", "Town")


def test_empty_fields_name_nobody() -> None:
    assert named("Practitioner", 'PV1|1|I|||||^^^|""') == []
    assert named("Location", "PV1|1|I|^^^") == []


def test_house_of_a_contact_says_whom_to_ask_for() -> None:
    nk1 = "NK1|1|DOE^JO|||||||||||TestOrg|" + "|" * 16 + "Green^John^^^DR|555^^PH|1 Main^^Town"
    (body,) = [each for each in named("Organization", nk1) if "contact" in each]
    (contact,) = body["contact"]
    assert body["name"] == "TestOrg"
    assert (contact["name"]["family"], contact["telecom"][0]["value"], contact["address"]["city"]) == (
        "Green",
        "555",
        "Town",
    )


def test_place_somebody_was_discharged_to_has_its_kind() -> None:
    (place,) = [each for each in named("Location", "PV1|1|I" + "|" * 35 + "H&Home&L^20260101") if "type" in each]
    assert place["type"][0]["coding"] == [{"system": "urn:codedark:codesystem:L", "code": "H", "display": "Home"}]


def test_whoever_took_part_has_a_role_and_whatever_took_part_is_a_device() -> None:
    fields = ["PRT", "", "AD", "", "AD^Admitting^HL70443", "9^LEE", "", "", "", "", "UDI1"]
    fields += ["20260101", "", "", "1 Main^^Town", "555^^PH", "", "20250101", "", "LOT9"]
    (role,) = named("PractitionerRole", "|".join(fields))
    assert (role["code"][0]["coding"][0]["code"], role["telecom"][0]["value"]) == ("AD", "555")
    assert role["period"] == {"start": "2026-01-01"}
    device = named("Device", "|".join(fields))[-1]
    assert device == {"identifier": [{"value": "UDI1"}], "lotNumber": "LOT9", "manufactureDate": "2025-01-01"}
    (lee,) = [each for each in named("Practitioner", "|".join(fields)) if each["name"][0]["family"] == "LEE"]
    assert lee["address"][0]["city"] == "Town"
