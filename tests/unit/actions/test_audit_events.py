"""The read log as AuditEvents: valid R4, in BALP's shapes, a broken glass as two events, and nothing made up."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import fhirkit
import pytest

from codedark.actions import (
    Auditor,
    audit_events,
    export_read_log,
    log_out,
    ndjson,
    open_envelope,
    search_patients,
    sheets_printed,
    view_census,
    view_chart,
    view_read_log,
)
from codedark.errors import ActionRefused, AppendFailed
from codedark.views import Asked

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ward

HOUR_US = 3_600_000_000
BALP = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."


def events(ward: Ward, **asked: Any) -> list[dict[str, Any]]:
    """The whole read log as events, oldest first."""
    ward.fold()
    rows = ward.deeds.record.looks(Asked(sheets=True, **asked), ward.clock.now_us(), 1000)
    return list(audit_events(reversed(rows), Auditor.of(ward.deeds.record)))


def codes(event: dict[str, Any]) -> list[str]:
    return [event["type"]["code"], *(one["code"] for one in event.get("subtype", ()))]


def a_night(ward: Ward, patient: Callable[[str], str]) -> None:
    """A chart, a chart outside, a bed list, a search, an envelope, a print, a look at the log."""
    nurse = ward.log_in("nurse4", "10.0.0.7")
    ward.fold()
    view_chart(ward.deeds, nurse, patient("4W"))
    view_chart(ward.deeds, nurse, patient("5E"), "covers for the night")
    view_census(ward.deeds, nurse, "4W")
    search_patients(ward.deeds, nurse, "marlowe 482193")
    envelope = open_envelope(ward.deeds, "4W", ward.codes["4W"][0], "L. Roy", "M. Okoro", "10.0.0.9")
    ward.fold()
    view_chart(ward.deeds, envelope, patient("4W"))
    sheets = [("WTB-1", patient("4W"), "mar", page, 2) for page in (1, 2)]
    sheets_printed(ward.deeds, nurse, unit="4W", pack="p1", copy=1, sheets=sheets)
    ward.clock.advance(HOUR_US)
    log_out(ward.deeds, envelope)
    view_read_log(ward.deeds, ward.log_in("privacy"), 10)


def test_every_event_of_a_night_is_valid_r4(ward: Ward, patient: Callable[[str], str]) -> None:
    a_night(ward, patient)
    found = events(ward)
    for event in found:
        issues = [one.message for one in fhirkit.validate(json.dumps(event)) if one.severity == "error"]
        assert issues == [], event
    assert len({event["id"] for event in found}) == len(found) == 11


def test_the_control_an_event_without_its_type_is_not(ward: Ward, patient: Callable[[str], str]) -> None:
    a_night(ward, patient)
    event = {name: value for name, value in events(ward)[0].items() if name != "type"}
    assert [one for one in fhirkit.validate(json.dumps(event)) if one.severity == "error"]


def test_a_chart_is_a_patient_read_with_screen_node_reader_patient_and_what_was_shown(
    ward: Ward, patient: Callable[[str], str]
) -> None:
    nurse = ward.log_in("nurse4", "10.0.0.7")
    ward.fold()
    view_chart(ward.deeds, nurse, patient("4W"))
    (event,) = events(ward)
    assert event["meta"]["profile"] == [f"{BALP}PatientRead"]
    assert (codes(event), event["action"], event["outcome"]) == (["rest", "read"], "R", "0")
    screen, node, reader = event["agent"]
    assert [one["type"]["coding"][0]["code"] for one in event["agent"]] == ["110152", "110153", "IRCP"]
    assert screen["network"] == {"address": "10.0.0.7", "type": "2"}
    assert node["network"]["type"] == "1"
    assert (reader["who"]["identifier"]["value"], reader["requestor"]) == (nurse.person, True)
    assert "purposeOfUse" not in reader
    who, what = event["entity"]
    assert who["what"] == {"reference": f"Patient/{patient('4W')}"}
    assert (what["type"]["code"], what["role"]["code"]) == ("2", "4")


def test_outside_ones_unit_the_glass_is_two_events_around_the_read(ward: Ward, patient: Callable[[str], str]) -> None:
    nurse = ward.log_in("nurse4")
    ward.fold()
    view_chart(ward.deeds, nurse, patient("5E"), "covers for the night")
    found = events(ward)
    assert [codes(one)[-1] for one in found] == ["110127", "read", "110138"]
    assert {one["purposeOfEvent"][0]["text"] for one in found} == {"covers for the night"}
    assert {one["purposeOfEvent"][0]["coding"][0]["code"] for one in found} == {"BTG"}


def test_an_envelope_is_two_events_and_its_reader_is_who_they_said(ward: Ward, patient: Callable[[str], str]) -> None:
    a_night(ward, patient)
    found = [one for one in events(ward) if one["agent"][-1].get("name") == "L. Roy"]
    assert [codes(one)[-1] for one in found] == ["110127", "read", "110138"]
    started, read, stopped = found
    assert started["entity"][0]["detail"] == [{"type": "witness", "valueString": "M. Okoro"}]
    assert read["agent"][-1]["purposeOfUse"][0]["coding"][0]["code"] == "BTG"
    assert started["recorded"] < stopped["recorded"]


def test_an_envelope_that_nobody_ended_stops_when_its_hours_are_over(ward: Ward) -> None:
    open_envelope(ward.deeds, "4W", ward.codes["4W"][0], "L. Roy", "M. Okoro", "10.0.0.9")
    assert [codes(one)[-1] for one in events(ward)] == ["110127"]
    ward.clock.advance(13 * HOUR_US)
    assert [codes(one)[-1] for one in events(ward)] == ["110127", "110138"]


def test_the_words_of_a_search_are_in_no_event(ward: Ward, patient: Callable[[str], str]) -> None:
    a_night(ward, patient)
    (search,) = [one for one in events(ward) if codes(one)[-1] == "search"]
    assert search["meta"]["profile"] == [f"{BALP}Query"]
    assert b"not kept" in base64.b64decode(search["entity"][0]["query"])
    assert "marlowe" not in json.dumps(events(ward)).casefold()


def test_each_patient_whose_sheets_were_printed_is_one_export(ward: Ward, patient: Callable[[str], str]) -> None:
    a_night(ward, patient)
    (sheets,) = [one for one in events(ward) if one["id"].startswith("sheets-")]
    assert codes(sheets) == ["110106"]
    assert sheets["entity"][0]["what"] == {"reference": f"Patient/{patient('4W')}"}


@pytest.mark.parametrize(
    ("asked", "count"),
    [({"unit": "5E"}, 3), ({"reason": "NIGHT"}, 3), ({"glass": True}, 5), ({"what": "census"}, 1),
     ({"what": "sheets"}, 1), ({"until_us": 0}, 0), ({"person": "nobody"}, 0)],
)  # fmt: skip
def test_the_log_is_asked_by_unit_reason_broken_glass_what_and_time(
    ward: Ward, patient: Callable[[str], str], asked: dict[str, Any], count: int
) -> None:
    a_night(ward, patient)
    assert len(events(ward, **asked)) == count


def test_the_log_is_asked_by_person_and_by_patient(ward: Ward, patient: Callable[[str], str]) -> None:
    a_night(ward, patient)
    assert len(events(ward, person=ward.person("privacy"))) == 1
    assert [codes(one)[-1] for one in events(ward, patient=patient("5E"))] == ["110127", "read", "110138"]


def test_an_export_is_a_row_of_the_log_with_its_purpose_and_what_cannot_be_kept_does_not_leave(ward: Ward) -> None:
    officer = ward.log_in("privacy")
    ward.fold()
    export_read_log(ward.deeds, officer, Asked(unit="4W"), 10, "asked by the board")
    looked = ward.said("chart.viewed")[-1]
    assert (looked.what, looked.unit, looked.reason) == ("export", "4W", "asked by the board")
    ward.full = True
    with pytest.raises(AppendFailed):
        export_read_log(ward.deeds, officer, Asked(), 10, "")


def test_nobody_but_the_privacy_officer_exports_it(ward: Ward) -> None:
    nurse = ward.log_in("nurse4")
    ward.fold()
    with pytest.raises(ActionRefused):
        export_read_log(ward.deeds, nurse, Asked(), 10, "curious")
    assert ward.said("chart.viewed") == []


def test_a_line_of_the_export_is_ascii_and_reads_back() -> None:
    (line,) = ndjson([{"name": "Roy\u202e\u2028\x1b[2J"}])
    assert line.isascii()
    assert b"\x1b" not in line
    assert json.loads(line) == {"name": "Roy\u202e\u2028\x1b[2J"}
