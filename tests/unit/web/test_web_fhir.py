"""The FHIR interface: who gets in, what is read and found, and what is kept of it."""

from __future__ import annotations

import json

import pytest
from fhir_client import Program, asked_for_token, program
from web_rig import PEOPLE, Guest, House


@pytest.fixture
def reader(home: House) -> Program:
    return program(home)


def test_it_is_off_unless_the_site_turned_it_on(home: House) -> None:
    guest = home.guest()

    assert [guest.get(f"/fhir{path}").status for path in ("", "/metadata", "/Patient")] == [404, 404, 404]
    assert asked_for_token(guest, "interface").status == 404
    home.configure(fhir__api=True)
    assert guest.get("/fhir/metadata").status == 200


def test_without_a_token_nothing_is_read(home: House, reader: Program) -> None:
    patient = home.patient("4W")
    stranger = Program(Guest(home.app))

    for path in ("Patient", f"Patient/{patient}", f"Patient/{patient}/$everything", "AuditEvent"):
        told = stranger.read(path, 401)
        assert told["issue"][0]["code"] == "login"
        assert "MARLOWE" not in json.dumps(told)


@pytest.mark.parametrize("role", sorted(set(PEOPLE) - {"interface"}))
def test_no_other_role_reads_by_it(home: House, role: str) -> None:
    home.configure(fhir__api=True)
    person = home.in_as(role)

    got = person.get(f"/fhir/Patient/{home.patient('4W')}")

    assert got.status == 403
    assert "MARLOWE" not in got.text


def test_the_cookie_of_a_person_who_may_opens_it(home: House) -> None:
    home.configure(fhir__api=True)
    person = home.in_as("interface")

    assert "MARLOWE" in person.get(f"/fhir/Patient/{home.patient('4W')}").text
    assert person.get("/fhir/Patient", sec_fetch_site="cross-site").status == 403


def test_a_read_is_kept_before_it_is_handed_out(home: House, reader: Program) -> None:
    patient = home.patient("4W")
    reader.read(f"Patient/{patient}")

    rows = [(said.what, said.patient, said.unit) for said in home.said("chart.viewed")]

    assert rows == [("fhir", patient, "4W")]


def test_what_cannot_be_kept_is_not_handed_out(home: House, reader: Program) -> None:
    home.full = True

    told = reader.read(f"Patient/{home.patient('4W')}", 503)

    assert "MARLOWE" not in json.dumps(told)
    home.full = False
    assert reader.read(f"Patient/{home.patient('4W')}")["birthDate"] == "1955-03-04"


def test_a_resource_says_how_old_it_is_and_from_whom(home: House, reader: Program) -> None:
    home.clock.advance(90_000_000)
    token = program(home)

    meta = token.read(f"Patient/{home.patient('4W')}")["meta"]

    assert meta["source"].startswith("urn:codedark:source:feed:adt#")
    assert meta["tag"][0]["code"] == "last-known"
    assert {each["url"]: each.get("valueDuration", {}).get("value") for each in meta["extension"]} == {
        "urn:codedark:heard": None,
        "urn:codedark:age": 90,
    }


def test_an_unchanged_resource_is_not_sent_again(home: House, reader: Program) -> None:
    path = f"Patient/{home.patient('4W')}"
    tag = reader.get(path).headers["etag"]

    assert (reader.get(path, if_none_match=tag).status, reader.get(path, if_none_match='W/"x"').status) == (304, 200)
    version = tag[3:-1]
    assert reader.read(f"{path}/_history/{version}")["meta"]["versionId"] == version
    assert reader.read(f"{path}/_history/1", 404)["resourceType"] == "OperationOutcome"
