"""The observations and results sheets: what stands in which column, what is drawn, and what is never left out."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import paper_scan
import ward_shapes

from codedark.clock import SeededChance
from codedark.paper import Pack, draw_pack, mint_sheets, observations, plan_sheets, results
from codedark.paper.summary import Print
from codedark.views import Chart, Vital, When

PR = Print(ward_shapes.PRINTED_US, ZoneInfo("America/New_York"))


def drawn(*charts: Chart) -> Pack:
    request = ward_shapes.request(charts)
    return draw_pack(replace(request, sheets=mint_sheets(request, SeededChance("sheets"))))


def text(pack: Pack, form: str) -> str:
    pages = zip(paper_scan.pages(pack.pdf), pack.sheets, strict=True)
    return " ".join(paper_scan.text(page) for page, sheet in pages if sheet.form == form).replace("\n", " ")


def test_rounds_stand_oldest_left_with_room_to_go_on_by_hand() -> None:
    body = observations.body(ward_shapes.chart(0), PR)

    heads = body["heads"]
    assert [head[1] for head in heads] == ["10:00", "14:00", "18:00", "22:00"]  # type: ignore[attr-defined]
    assert body["empty"] == observations.COLUMNS - 4


def test_a_patient_of_whom_no_sign_was_heard_gets_a_sheet_to_write_on() -> None:
    pack = drawn(replace(ward_shapes.chart(0), vitals=()))

    assert "No vital sign was heard for this patient. That is not the same as none." in text(pack, "observations")
    assert "NEWS2" in text(pack, "observations")


def test_rounds_that_have_no_column_are_counted() -> None:
    chart = ward_shapes.chart(0)
    said = tuple(
        Vital("Pulse", "88", "/min", When(f"2026-11-23T{hour:02d}:00:00-05:00"), chart.vitals[0].stamp)
        for hour in range(9)
    )

    assert "Measurements that are not on this sheet: 3." in text(drawn(replace(chart, vitals=said)), "observations")


def test_a_child_has_no_row_for_a_score() -> None:
    chart = ward_shapes.chart(0)
    child = replace(chart, banner=replace(chart.banner, birth_date="2015-03-01"))

    body = observations.body(child, PR)

    assert body["news"] == []
    assert "not made for patients under 16" in text(drawn(child), "observations")


def test_points_stand_in_the_middle_of_their_column() -> None:
    strips = observations.body(ward_shapes.chart(0), PR)["strips"]

    pulse = next(strip for strip in strips if strip["name"] == "Pulse")  # type: ignore[attr-defined]
    assert [x for x, _ in pulse["dots"]] == [7.0, 21.0, 35.0, 49.0]


def test_a_corrected_result_says_what_it_was_and_when_it_was_heard() -> None:
    chart = ward_shapes.chart(0)

    said = text(drawn(replace(chart, results=chart.results[:1])), "results")

    assert "5.9 6.4 HH! corrected, heard 24-Nov-2026 02:41" in said


def test_a_critical_value_too_old_for_a_column_is_named() -> None:
    chart = ward_shapes.chart(0)
    old = replace(chart.results[0], earlier=(), standing="final", value="7.7", when=When("2026-11-01T02:00:00-05:00"))
    newer = [
        replace(old, value="4.4", flag="", critical=False, when=When(f"2026-11-{day}T02:00:00-05:00"))
        for day in range(10, 18)
    ]

    body = results.body(replace(chart, results=(old, *newer)), PR)

    panel = body["panels"][0]  # type: ignore[index]
    assert len(panel["heads"]) == results.TIMES
    assert [each["lines"] for each in panel["older"]] == [["7.7 mmol/L"]]
    assert body["left"] == 3


def test_a_culture_keeps_its_lines() -> None:
    chart = ward_shapes.chart(0)
    words = "Gram positive cocci in clusters\nSensitive to vancomycin"
    culture = replace(chart.results[0], name="Blood culture", value=words, unit="", flag="", critical=False, earlier=())

    body = results.body(replace(chart, results=(culture,)), PR)

    assert body["panels"][0]["texts"][0]["lines"] == words.split("\n")  # type: ignore[index]


def test_nobody_without_a_result_gets_an_empty_results_sheet() -> None:
    pack = drawn(replace(ward_shapes.chart(0), results=()))

    forms = dict.fromkeys(sheet.form for sheet in pack.sheets if sheet.patient)
    assert list(forms) == ["summary", "mar", "observations"]


def test_a_cover_of_27_patients_is_two_pages() -> None:
    charts = map(ward_shapes.chart, range(27))
    bare = tuple(replace(each, medications=(), results=(), vitals=(), orders=(), notes=()) for each in charts)

    plan = plan_sheets(ward_shapes.request(bare, paper="letter"), SeededChance("cover"))

    assert len([sheet for sheet in plan.sheets if sheet.form == "cover"]) == 2


def test_cover_names_empty_beds_in_one_line() -> None:
    said = text(drawn(ward_shapes.chart(0)), "cover")

    assert "Empty as last heard: 4W31." in said
