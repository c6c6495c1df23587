"""The privacy officer asks the read log by person, patient, unit, day and reason, and takes it along as a file."""

from __future__ import annotations

import json

import pytest
from web_rig import Guest, House

EVENING = {"reason": "covers for the night"}


@pytest.fixture
def officer(home: House) -> Guest:
    """After a nurse's night: a chart, a chart outside, an envelope."""
    nurse = home.in_as("nurse")
    nurse.get(f"/chart/{home.patient('4W')}")
    nurse.get(f"/chart/{home.patient('5E')}")
    nurse.post(f"/chart/{home.patient('5E')}", EVENING)
    guest = home.guest()
    guest.get("/envelope")
    guest.post("/envelope", {"unit": "5E", "code": home.codes["5E"][0], "claimed": "L. Roy", "witness": "M. Okoro"})
    home.fold()
    made = home.in_as("privacy")
    made.get("/reads")
    return made


@pytest.mark.parametrize(
    ("asked", "shown", "hidden"),
    [
        ({"mrn": "517730"}, "covers for the night", "MARLOWE"),
        ({"unit": "4W"}, "MARLOWE", "covers for the night"),
        ({"who": "nurse"}, "MARLOWE", "L. Roy"),
        ({"who": "Roy"}, "envelope opened: break-glass begins", "MARLOWE"),
        ({"reason": "NIGHT"}, "OKAFOR", "MARLOWE"),
        ({"glass": "1"}, "break-glass begins", "MARLOWE"),
        ({"what": "chart"}, "MARLOWE", "L. Roy"),
        ({"since": "2031-01-01"}, "No row of the read log meets this", "MARLOWE"),
        ({"until": "2031-01-01"}, "MARLOWE", "No row of the read log meets this"),
        ({"who": "nobody"}, "Nobody, or more than one", "MARLOWE"),
        ({"mrn": "1"}, "Nobody, or more than one", "MARLOWE"),
        ({"since": "soon"}, "A day is written as 2026-11-24", "No row of"),
    ],
)
def test_a_filter_shows_what_was_asked_for_and_nothing_else(
    officer: Guest, asked: dict[str, str], shown: str, hidden: str
) -> None:
    text = officer.post("/reads", asked).text

    assert shown in text
    assert hidden not in text


def test_what_is_asked_stands_in_no_address(officer: Guest) -> None:
    got = officer.post_only("/reads", {"mrn": "517730"})

    assert got.place.startswith("/reads?slip=")
    assert "517730" not in got.place


def test_the_filter_holds_on_the_next_page(home: House, officer: Guest) -> None:
    nurse = home.in_as("nurse")
    for _ in range(60):
        nurse.get("/beds?unit=4W")
    home.fold()
    place = officer.post_only("/reads", {"what": "census"}).place
    first, second = officer.get(place), officer.get(f"{place}&page=2")

    assert f"{place.replace('&', '&amp;')}&amp;page=2" in first.text
    assert [text.count("bed list opened</span>") for text in (first.text, second.text)] == [50, 10]
    assert "L. Roy" not in second.text


def test_the_rows_asked_for_leave_as_audit_events_and_that_is_a_row(home: House, officer: Guest) -> None:
    got = officer.post("/reads/export", {"reason": "night"})
    home.fold()

    assert (got.status, got.headers["content-type"]) == (200, "application/fhir+ndjson")
    assert [json.loads(line)["id"].split("-")[0] for line in got.text.splitlines()] == ["override", "read", "override"]
    assert home.deeds.record.read_log(1)[0].what == "export"


def test_nothing_leaves_that_cannot_be_kept(home: House, officer: Guest) -> None:
    home.full = True

    got = officer.post("/reads/export", {})

    assert (got.status, "nothing leaves" in got.text) == (403, True)
    assert "AuditEvent" not in got.text
