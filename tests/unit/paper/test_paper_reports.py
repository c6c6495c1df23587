"""The EHR's print reports in a pack: where the record has nothing as new, as our own pixels, dated as they say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import print_reports
import pypdfium2
import pytest
import ward_shapes

from codedark.cage import Cage
from codedark.clock import SeededChance
from codedark.node.prints import png
from codedark.paper import PackRequest, draw_pack, mint_sheets, plan_sheets, wanted_census, wanted_reports
from codedark.views import Chart, Mark, PrintReport, SectionAge, Stamp, When

PRINTED = ward_shapes.PRINTED_US
MINUTE = 60_000_000


@pytest.fixture(scope="module")
def pages() -> Iterator[tuple[bytes, ...]]:
    with Cage.start() as cage:
        yield tuple(png(page.raster) for page in cage.pages(print_reports.report(pages=2), 200))


def printout(
    kind: str = "mar", *, minutes: int = 120, stated: bool = True, id_: str = "r1", last: int = 2
) -> PrintReport:
    """A report printed so many minutes before the pack."""
    at = PRINTED - minutes * MINUTE
    title = {"mar": "MAR", "kardex": "Kardex", "census": "Census", "other": "Report"}[kind]
    stamp = Stamp(7, PRINTED - MINUTE, Mark.FEED, "prints")
    when = When("2026-11-24T02:58:00-05:00")
    return PrintReport(id_, kind, title, 1, last, when, at, stated, "4 West", "feed:prints", stamp)


def chart(*reports: PrintReport, heard_minutes: int | None = None) -> Chart:
    """A chart whose MAR was heard so many minutes before the pack, or never."""
    heard = None if heard_minutes is None else PRINTED - heard_minutes * MINUTE
    return replace(ward_shapes.chart(0), reports=reports, ages=(SectionAge("mar", heard, heard),))


def request(*charts: Chart, **changes: object) -> PackRequest:
    asked = ward_shapes.request(charts, **changes)
    return replace(asked, sheets=mint_sheets(asked, SeededChance(1)))


def test_report_stands_in_for_a_mar_that_was_never_heard() -> None:
    assert [each.id for each in wanted_reports(chart(printout()))] == ["r1"]


def test_report_older_than_what_was_heard_is_not_printed() -> None:
    assert wanted_reports(chart(printout(minutes=120), heard_minutes=60)) == []


def test_report_newer_than_what_was_heard_is_printed() -> None:
    assert len(wanted_reports(chart(printout(minutes=30), heard_minutes=60))) == 1


def test_report_of_an_impossible_time_is_never_newer_than_what_was_heard() -> None:
    ahead = replace(printout(minutes=-600), time_impossible=True)
    assert wanted_reports(chart(ahead, heard_minutes=60)) == []
    assert wanted_reports(chart(ahead)) == [ahead]


def test_only_the_newest_of_each_kind_is_printed() -> None:
    newest_first = (printout(id_="new", minutes=10), printout("kardex", id_="k"), printout(id_="old"))
    assert [each.id for each in wanted_reports(chart(*newest_first))] == ["new", "k"]


def test_pack_holds_the_reports_pages_with_their_own_sheet_and_time(pages: tuple[bytes, ...]) -> None:
    asked = request(chart(printout()), prints={"r1": pages})
    pack = draw_pack(asked)
    drawn = pypdfium2.PdfDocument(pack.pdf)
    numbers = [number for number, sheet in enumerate(pack.sheets) if sheet.form == "report-mar"]
    words = [" ".join(drawn[number].get_textpage().get_text_range().split()) for number in numbers]
    assert len(numbers) == 2
    assert all("MAR as the EHR printed it, printed 24-Nov-2026 02:58, by its own text" in each for each in words)
    assert "page 1 of 2 · came" in words[0]
    assert "page 2 of 2 · came" in words[1]
    assert "NIGHTJOB" not in "".join(words)  # a picture, nothing of the file itself


def test_pixels_of_the_report_are_on_the_page(pages: tuple[bytes, ...]) -> None:
    """The control: the same pack with a white page has none of its ink."""
    dark = []
    with Cage.start() as cage:
        (white,) = cage.pages(print_reports.report(None, "", rows=(), printed=""), 200)
    for pictures in (pages, (png(white.raster),)):
        pack = draw_pack(request(chart(printout()), prints={"r1": pictures}))
        number = next(number for number, sheet in enumerate(pack.sheets) if sheet.form == "report-mar")
        page = pypdfium2.PdfDocument(pack.pdf)[number].render(scale=2, grayscale=True).to_pil()
        middle = page.crop((page.width // 8, page.height // 3, page.width * 7 // 8, page.height * 3 // 4))
        dark.append(sum(middle.histogram()[:128]))
    assert dark[0] > 20 * max(dark[1], 1)


def test_files_time_is_said_to_be_the_files(pages: tuple[bytes, ...]) -> None:
    pack = draw_pack(request(chart(printout(stated=False)), prints={"r1": pages[:1]}))
    text = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pack.pdf))
    assert "by the file's own time" in " ".join(text.split())


def test_report_that_does_not_lie_ready_is_named_on_the_summary() -> None:
    pack = draw_pack(request(chart(printout())))
    text = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pack.pdf))
    assert "NOT READY: open it on a screen" in " ".join(text.split())
    assert "report-mar" not in {sheet.form for sheet in pack.sheets}


def test_more_pages_than_a_pack_takes_are_counted(pages: tuple[bytes, ...]) -> None:
    pack = draw_pack(request(chart(printout(last=40)), prints={"r1": pages * 10}))
    text = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pack.pdf))
    assert "28 more pages are not printed" in " ".join(text.split())


def test_planned_sheets_are_those_that_are_drawn(pages: tuple[bytes, ...]) -> None:
    asked = ward_shapes.request((chart(printout()),), prints={"r1": pages})
    plan = plan_sheets(asked, SeededChance(1))
    pack = draw_pack(plan.applied(asked))
    assert pack.sheets == plan.sheets
    assert draw_pack(plan.applied(asked)).pdf == pack.pdf


def test_census_newer_than_what_was_heard_of_its_unit_stands_behind_the_cover(pages: tuple[bytes, ...]) -> None:
    report = printout("census", minutes=30, last=1)
    pack = draw_pack(request(chart(), prints={"r1": pages[:1]}, unit_report=report))
    assert [sheet.form for sheet in pack.sheets[:2]] == ["cover", "report-census"]
    text = " ".join(pypdfium2.PdfDocument(pack.pdf)[1].get_textpage().get_text_range().split())
    assert "Census as the EHR printed it" in text
    assert "4 West" in text
    assert "MRN" not in text.split("Census as the EHR")[0]


def test_census_of_another_unit_or_older_than_what_was_heard_is_not_printed() -> None:
    census = printout("census", minutes=30)
    assert wanted_census([census], "4 west", PRINTED - 60 * MINUTE) == census
    assert wanted_census([census], "4 West", None) == census
    assert wanted_census([census], "5 East", None) is None
    assert wanted_census([census], "4 West", PRINTED - 10 * MINUTE) is None
    assert wanted_census([replace(census, time_impossible=True)], "4 West", None) is None
