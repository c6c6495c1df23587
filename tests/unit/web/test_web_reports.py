"""Print reports of the EHR on the ward's pages: in the chart, or waiting for a person to say whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from web_rig import House, house

from codedark.actions import tie_loose
from codedark.entries import SourceDistrusted, draft_of


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as made:
        yield made


def test_chart_names_the_report_with_its_print_time_and_leads_to_its_picture(home: House) -> None:
    patient = home.patient("4W")
    report = home.print_out("MAR", "MRN: 482193", "Printed: 24-Nov-2026 02:58", tied_to=patient)
    nurse = home.in_as("nurse")
    chart = nurse.get(f"/chart/{patient}").text
    assert "EHR print report: <bdi>MAR</bdi>" in chart
    assert "02:58" in chart.split("EHR print report: <bdi>MAR</bdi>")[1].split("</li>")[0]
    page = nurse.get(f"/chart/{patient}/report/{report}")
    assert page.status == 200
    assert 'src="data:image/png;base64,' in page.text
    assert "picture of what the EHR printed" in page.text


def test_report_without_print_time_says_that_it_is_the_files_time(home: House) -> None:
    patient = home.patient("4W")
    home.print_out("Kardex", "MRN: 482193", tied_to=patient, file_us=1_795_500_000_000_000)
    chart = home.in_as("nurse").get(f"/chart/{patient}").text
    assert "by the file's own time: the report says none" in chart.replace("&#39;", "'")


def test_report_of_one_patient_is_not_shown_in_the_chart_of_another(home: House) -> None:
    report = home.print_out("MAR", "MRN: 482193", tied_to=home.patient("4W"))
    physician = home.in_as("physician")
    got = physician.post(f"/chart/{home.patient('5E')}/report/{report}", {"reason": "consult"})
    assert got.status == 404
    assert "data:image/png;base64" not in got.text


def test_original_is_on_no_page(home: House) -> None:
    patient = home.patient("4W")
    report = home.print_out("MAR", "MRN: 482193", tied_to=patient)
    page = home.in_as("nurse").get(f"/chart/{patient}/report/{report}")
    assert "application/pdf" not in page.text
    assert "%PDF" not in page.text


def test_nurse_says_whose_a_loose_report_is(home: House) -> None:
    report = home.print_out("MAR", "MRN: 999999")
    nurse = home.in_as("nurse")
    assert f"/reports/{report}" in nurse.get("/reports").text
    assert "Whose is this report?" in nurse.get(f"/reports/{report}").text
    got = nurse.post(f"/reports/{report}", {"mrn": "482193", "reason": "name and birth date on the picture"})
    home.fold()
    assert got.place == f"/chart/{home.patient('4W')}"
    assert "EHR print report: <bdi>MAR</bdi>" in nurse.get(got.place).text
    (tie,) = home.said("report.tied")
    assert (tie.basis, bool(tie.person)) == ("name and birth date on the picture", True)


@pytest.mark.parametrize("form", [{"mrn": "1", "reason": "x"}, {"mrn": "482193", "reason": " "}, {}])
def test_tie_without_a_patient_or_a_reason_is_asked_again(home: House, form: dict[str, str]) -> None:
    report = home.print_out("MAR", "MRN: 999999")
    nurse = home.in_as("nurse")
    nurse.get(f"/reports/{report}")
    got = nurse.post(f"/reports/{report}", form)
    assert got.place.startswith(f"/reports/{report}?fault=")
    assert home.said("report.tied") == []


def test_look_at_a_loose_report_is_in_the_read_log(home: House) -> None:
    report = home.print_out("MAR", "MRN: 999999")
    home.in_as("nurse").get(f"/reports/{report}")
    home.fold()
    assert [row.what for row in home.deeds.record.read_log(10)] == ["report"]


def test_pages_that_are_not_drawn_yet_say_so(home: House) -> None:
    patient = home.patient("4W")
    report = home.print_out("MAR", "MRN: 482193", tied_to=patient)
    home.pictures.clear()
    assert "Not drawn yet" in home.in_as("nurse").get(f"/chart/{patient}/report/{report}").text


def test_distrusted_source_takes_its_reports_out_of_the_chart(home: House) -> None:
    patient = home.patient("4W")
    home.print_out("MAR", "MRN: 482193", tied_to=patient)
    home.append(draft_of(SourceDistrusted(source="feed:prints", since_us=0, reason="forged"), source="node"))
    home.fold()
    assert "EHR print report: <bdi>MAR</bdi>" not in home.in_as("nurse").get(f"/chart/{patient}").text
    home.append(draft_of(SourceDistrusted(source="feed:prints", since_us=0, undo=True), source="node"))
    home.fold()
    assert "EHR print report: <bdi>MAR</bdi>" in home.in_as("nurse").get(f"/chart/{patient}").text


def test_better_patterns_of_the_site_find_what_was_loose(home: House) -> None:
    home.print_out("MAR", "Patientennummer 482193", "Patient: MARLOWE, ADA")
    assert tie_loose(home.deeds).tied == 0
    home.configure(reports__patterns={"mrn": r"Patientennummer (\d+)"})
    assert tie_loose(home.deeds).tied == 1
    home.fold()
    assert "EHR print report: <bdi>MAR</bdi>" in home.in_as("nurse").get(f"/chart/{home.patient('4W')}").text


def test_tie_survives_a_rebuild(home: House) -> None:
    patient = home.patient("4W")
    home.print_out("MAR", "MRN: 482193", tied_to=patient)
    before = home.deeds.record.chart(patient).reports
    home.fold_.rebuild()
    assert home.deeds.record.chart(patient).reports == before
    assert len(before) == 1


def test_pattern_that_is_none_changes_nothing_and_stands_on_the_worklist(home: House) -> None:
    home.configure(reports__patterns={"mrn": "("})
    assert home.deeds.record.site().reports.patterns == {}
    assert any("regular expression" in item.reason for item in home.deeds.record.worklist())


def test_report_printed_after_it_came_is_never_the_newest(home: House) -> None:
    patient = home.patient("4W")
    home.print_out("MAR", "MRN: 482193", "Printed: 24-Dec-2099 02:58", tied_to=patient)
    home.print_out("MAR", "MRN: 482193", "Printed: 20-Sep-2026 02:58", tied_to=patient)
    assert [each.time_impossible for each in home.deeds.record.chart(patient).reports] == [False, True]
    assert "time impossible" in home.in_as("nurse").get(f"/chart/{patient}").text
