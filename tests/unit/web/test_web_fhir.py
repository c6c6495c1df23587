"""The FHIR interface: who gets in, what is read and found, and what is kept of it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from fhir_client import FORM, Program, asked_for_token, program
from web_rig import PASSWORD, PEOPLE, Guest, House

from codedark.entries import PersonChanged, draft_of
from codedark.views import ReadRow
from codedark.web.api.audit import reached


@pytest.fixture
def reader(home: House) -> Program:
    return program(home)


def test_it_is_off_unless_the_site_turned_it_on(home: House) -> None:
    guest = home.guest()

    assert [guest.get(f"/fhir{path}").status for path in ("", "/metadata", "/Patient")] == [404, 404, 404]
    assert asked_for_token(guest, "interface").status == 404
    home.configure(fhir__api=True)
    assert guest.get("/fhir/metadata").status == 200
    reader = program(home)
    home.configure(fhir__api=False)
    assert reader.get("Patient").status == 404  # a token that is out is worth nothing either


def test_without_a_token_nothing_is_read(home: House, reader: Program) -> None:
    patient = home.patient("4W")
    stranger = Program(Guest(home.app))

    for path in ("Patient", f"Patient/{patient}", f"Patient/{patient}/$everything", "AuditEvent"):
        told = stranger.read(path, 401)
        assert told["issue"][0]["code"] == "login"
        assert "MARLOWE" not in json.dumps(told)


def test_a_token_is_bought_by_the_right_secret_and_one_grant_alone(home: House) -> None:
    home.configure(fhir__api=True)
    guest = home.guest()
    by_password = urlencode({"grant_type": "password", "client_id": "interface", "client_secret": PASSWORD}).encode()

    assert asked_for_token(guest, "interface", "another one").status == 401
    assert guest._ask("POST", "/fhir/token", by_password, FORM).status == 400
    assert asked_for_token(guest, "nurse").status == 400  # no program's account
    assert asked_for_token(guest, "interface").status == 200


def test_no_other_role_reads_by_it(home: House) -> None:
    home.configure(fhir__api=True)
    path = f"/fhir/Patient/{home.patient('4W')}"
    answers = {role: home.in_as(role).get(path) for role in PEOPLE}

    assert {role for role, got in answers.items() if got.status == 200} == {"interface"}
    assert all(got.status == 403 and "MARLOWE" not in got.text for role, got in answers.items() if role != "interface")


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


def test_each_read_is_an_audit_event_for_the_privacy_officer_alone(home: House, reader: Program) -> None:
    patient = home.patient("4W")
    reader.read(f"Patient/{patient}")
    reader.read("Patient?name=marlowe")
    home.fold()
    officer = program(home, "privacy", "10.0.7.20")

    events = officer.found("AuditEvent?_count=200")

    told = [(each["action"], "marlowe" in json.dumps(each).lower()) for each in events if "unit 4W" in json.dumps(each)]
    assert ("R", False) in told
    assert f"Patient/{patient}" in json.dumps(events)
    assert "E" in {each["action"] for each in events}
    assert officer.read(f"AuditEvent/{events[0]['id']}")["recorded"] == events[0]["recorded"]
    assert reader.get("AuditEvent").status == 403
    assert officer.get("Patient").status == 403


def paged(officer: Program, path: str) -> list[dict[str, Any]]:
    """What nine pages of a search hold, from the first on."""
    seen = []
    for _ in range(9):
        told = officer.read(path)
        seen += [entry["resource"] for entry in told.get("entry", [])]
        following = [link["url"] for link in told["link"] if link["relation"] == "next"]
        if not following:
            break
        path = following[0].split("/fhir/")[1]
    return seen


def test_the_pages_of_the_read_log_hold_each_event_once(home: House, reader: Program) -> None:
    for _ in range(5):
        home.clock.advance(1_000_000)
        reader.read(f"Patient/{home.patient('4W')}")
    home.fold()
    officer = program(home, "privacy", "10.0.7.20")

    seen = [each["id"] for each in paged(officer, "AuditEvent?_count=2")]

    assert len(seen) == len(set(seen)) == 5


def test_a_further_page_of_the_read_log_keeps_the_times_that_were_asked_for(home: House, reader: Program) -> None:
    for _ in range(5):
        home.clock.advance(1_000_000)
        reader.read(f"Patient/{home.patient('4W')}")
    home.fold()
    officer = program(home, "privacy", "10.0.7.20")
    third = officer.found("AuditEvent?_count=200")[2]["recorded"].replace("Z", "+00:00")
    path = f"AuditEvent?_count=0&{urlencode({'date': f'ge{third}'})}"  # R4: a page of none is no page; one at least

    seen = [each["recorded"] for each in paged(officer, path)]

    assert len(set(seen)) > 1
    assert min(seen).replace("Z", "+00:00") >= third


def test_a_look_that_stops_within_a_moment_leaves_the_whole_moment_to_the_further_page() -> None:
    rows = [ReadRow(at, when, "p", "s", "chart", "x", "4W", "", "", 0) for at, when in ((4, 30), (3, 20), (2, 20))]

    assert reached(rows, 4) == (rows, None)
    assert reached(rows, 3) == (rows[:1], 20)
    assert reached(rows[1:], 2) == (rows[1:], 19)


def test_only_json_is_spoken_and_only_reading_is_done(home: House, reader: Program) -> None:
    path = f"Patient/{home.patient('4W')}"

    assert reader.get(f"{path}?_format=json").status == 200
    assert reader.get(f"{path}?_format=xml").status == 406
    assert reader.get(path, accept="application/fhir+xml").status == 406
    assert reader.get(path, accept="text/html, */*;q=0.1").status == 200
    for method in ("PUT", "DELETE", "PATCH", "POST"):
        got = reader.guest._ask(method, f"/fhir/{path}", b"", reader._bearer())
        assert (got.status, json.loads(got.text)["resourceType"]) == (405, "OperationOutcome")
    assert reader.guest._ask("HEAD", f"/fhir/{path}", b"", reader._bearer()).body == b""


def test_a_token_ends_with_its_account_and_by_itself(home: House, reader: Program) -> None:
    path = f"Patient/{home.patient('4W')}"
    home.clock.advance(31 * 60 * 1_000_000)
    assert reader.get(path).status == 401

    again = program(home)
    assert again.get(path).status == 200
    account = home.deeds.record.account("interface")
    assert account
    home.journal.append(draft_of(PersonChanged(person=account.person, active=False), source="node"))
    home.fold()
    assert again.get(path).status == 401
