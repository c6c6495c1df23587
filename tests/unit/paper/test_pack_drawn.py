"""A drawn pack, looked at: every page has its codes, its identity, its age, and what it does not know."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import paper_scan
import pytest
import ward_shapes

from codedark.clock import SeededChance
from codedark.errors import PackError
from codedark.paper import Pack, PackRequest, draw_pack, mint_sheets, plan_sheets, read_code
from codedark.views import AllergyState, Banner, Chart

KEY = bytes(range(32))
RIGS = str(Path(ward_shapes.__file__).parent)


def drawn(request: PackRequest) -> Pack:
    return draw_pack(replace(request, sheets=mint_sheets(request, SeededChance("pack"))))


def unknown_patient() -> Chart:
    banner = Banner("nobody", *[""] * 10, None, None, "", "", "", None, (), None)
    empty: tuple[()] = ()
    return Chart(
        banner,
        AllergyState.NOT_RECORDED,
        empty,
        empty,
        empty,
        empty,
        empty,
        empty,
        empty,
        empty,
        0,
        ward_shapes.as_of(),
    )


@pytest.fixture(scope="module", params=["a4", "letter"])
def pack(request: pytest.FixtureRequest) -> Pack:
    return drawn(ward_shapes.ward(3, paper=request.param))


@pytest.fixture(scope="module")
def texts(pack: Pack) -> list[str]:
    return [paper_scan.text(page) for page in paper_scan.pages(pack.pdf)]


def test_both_codes_of_every_page_say_its_sheet(pack: Pack) -> None:
    for page, sheet in zip(paper_scan.pages(pack.pdf), pack.sheets, strict=True):
        scan = paper_scan.scan(page)
        (top, left, high), (bottom, right, low) = scan.codes()
        assert top == bottom
        assert (left < scan.width / 4, high < scan.height / 4) == (True, True)
        assert (right > scan.width * 3 / 4, low > scan.height * 3 / 4) == (True, True)
        read = read_code(top, KEY)
        assert read is not None
        assert (read.sheet, read.page, read.pages, read.draft) == (sheet.id, sheet.page, sheet.pages, False)


def test_codes_are_read_from_a_grey_blurred_copy(pack: Pack) -> None:
    for page, sheet in zip(paper_scan.pages(pack.pdf), pack.sheets, strict=True):
        copy = paper_scan.scan(page).crop(40, 40, 300, 300).photocopied()
        (text, _, _) = copy.codes()[0]
        assert text.split("|")[1].replace("-", "") == str(sheet.id).replace("-", "")


def test_code_holds_no_patient(pack: Pack) -> None:
    shape = re.compile(r"v1\|WTB-[0-9A-Z]{10}\|\d+/\d+\|1\|[0-9A-Z]{16}")
    for page in paper_scan.pages(pack.pdf):
        assert all(shape.fullmatch(text) for text, _, _ in paper_scan.scan(page).codes())


def test_every_page_names_its_sheet_page_and_age(pack: Pack, texts: list[str]) -> None:
    for text, sheet in zip(texts, pack.sheets, strict=True):
        assert sheet.text in text
        assert f"page {sheet.page} of {sheet.pages}" in text
        assert "LAST KNOWN RECORD as of 24-Nov-2026 03:12 (9 min before printing)" in text.replace("\n", " ")
        assert "replace by 25-Nov-2026 03:00" in text.replace("\n", " ")
        assert "feed ehr SILENT since 24-Nov-2026 03:14" in text.replace("\n", " ")


def test_every_page_of_a_patient_has_name_birth_date_mrn_and_allergies(pack: Pack, texts: list[str]) -> None:
    wanted = {
        "patient-0000": ("MARLOWE, Ada", "01-Mar-1940", "000 482 000", "PENICILLIN", "anaphylaxis", "Latex"),
        "patient-0001": ("OKAFOR, Ngozi", "02-Mar-1947", "000 482 001", "no known allergies"),
        "patient-0002": ("KIM, Joon", "03-Mar-1954", "000 482 002", "COULD NOT BE READ"),
    }
    for text, sheet in zip(texts, pack.sheets, strict=True):
        assert all(word in text for word in wanted.get(sheet.patient, ()))


def test_dose_digits_have_ink_and_stand_in_order() -> None:
    page = paper_scan.pages(drawn(ward_shapes.ward(1)).pdf)[1]
    scan, words = paper_scan.scan(page, 144), page.get_textpage()
    start, _ = words.search("3.375 g").get_next()
    lefts = []
    for at in range(start, start + 5):
        left, bottom, right, top = words.get_charbox(at)
        lefts.append(left)
        box = scan.crop(
            int(left * 2), int(scan.height - top * 2), max(1, int((right - left) * 2)), int((top - bottom) * 2) + 1
        )
        assert box.darkest() < 80
    assert lefts == sorted(lefts)


def test_sheet_has_four_corner_marks_and_a_white_edge(pack: Pack) -> None:
    for page in paper_scan.pages(pack.pdf):
        scan = paper_scan.scan(page, 100)
        near, size = int(9 / 25.4 * 100), 4
        for x in (near, scan.width - near):
            for y in (near, scan.height - near):
                assert set(scan.crop(x - size // 2, y - size // 2, size, size).grey) == {0}
        edge = int(6.5 / 25.4 * 100)
        strips = ((0, 0, scan.width, edge), (0, scan.height - edge, scan.width, edge), (0, 0, edge, scan.height))
        assert all(scan.crop(*strip).darkest() == 255 for strip in strips)
        assert scan.crop(scan.width - edge, 0, edge, scan.height).darkest() == 255


def test_no_letter_is_smaller_than_ten_points(pack: Pack) -> None:
    for page in paper_scan.pages(pack.pdf):
        capitals = [top - bottom for char, _, bottom, _, top in paper_scan.characters(page) if char in "EHMT"]
        assert min(capitals) >= 10 * 0.69  # the capital height of IBM Plex Sans is 0.698 em


def test_no_character_is_printed_over_another(pack: Pack) -> None:
    assert [paper_scan.printed_over(page) for page in paper_scan.pages(pack.pdf)] == [[]] * pack.pages


def test_paper_size_is_as_asked() -> None:
    sizes = {}
    for paper in ("a4", "letter"):
        page = paper_scan.pages(drawn(ward_shapes.ward(0, paper=paper)).pdf)[0]
        sizes[paper] = tuple(round(side / paper_scan.MM) for side in page.get_size())
    assert sizes == {"a4": (210, 297), "letter": (216, 279)}


def test_same_request_gives_the_same_bytes_in_another_process() -> None:
    program = (
        "import ward_shapes as w; from codedark.paper import *; from dataclasses import replace\n"
        "from codedark.clock import SeededChance\n"
        "r = w.ward(2); print(draw_pack(replace(r, sheets=mint_sheets(r, SeededChance('pack')))).sha256.hex())"
    )
    again = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"TZ": "Asia/Tokyo", "PYTHONPATH": RIGS},
    )
    assert drawn(ward_shapes.ward(2)).sha256.hex() == again.stdout.strip()


def test_another_printing_time_gives_other_bytes() -> None:
    """The control of the test above."""
    request = ward_shapes.ward(1)
    assert drawn(request).sha256 != drawn(replace(request, printed_at_us=request.printed_at_us + 60_000_000)).sha256


def test_plan_names_every_page_before_drawing() -> None:
    request = ward_shapes.ward(2)
    plan = plan_sheets(request, SeededChance("plan"))
    assert draw_pack(plan.applied(request)).sheets == plan.sheets
    assert next(row[3:] for row in plan.rows()) == [1, plan.sheets[0].pages]


def test_pack_that_is_not_the_planned_one_is_refused() -> None:
    request = ward_shapes.ward(1)
    planned = plan_sheets(request, SeededChance("plan")).applied(request)
    longer = replace(planned.charts[0], orders=planned.charts[0].orders * 90)
    with pytest.raises(PackError, match="planned"):
        draw_pack(replace(planned, charts=(longer,)))


def test_sheet_without_an_id_is_refused() -> None:
    with pytest.raises(PackError, match="no id"):
        draw_pack(ward_shapes.ward(1))


def test_empty_unit_is_said_not_shown_as_blank() -> None:
    pack = drawn(ward_shapes.ward(0, census=(), feeds=(), checkpoint_note=""))
    text = paper_scan.text(paper_scan.pages(pack.pdf)[0]).replace("\n", " ")
    assert pack.pages == 1
    assert "No patient is recorded on this unit" in text
    assert "No feed is declared or was ever heard" in text
    assert "No checkpoint was given" in text


def test_patient_of_whom_nothing_is_known_is_unknown_everywhere() -> None:
    pack = drawn(ward_shapes.request((unknown_patient(),)))
    summary, mar = (paper_scan.text(page).replace("\n", " ") for page in paper_scan.pages(pack.pdf)[1:3])
    assert "ALLERGIES NOT RECORDED" in summary
    assert "CODE not recorded WEIGHT not recorded ISOLATION not recorded" in summary
    assert "born not recorded (age not known)" in summary
    assert "No active medication heard. That is not the same as none." in summary
    assert "NO MEDICATION ORDER WAS HEARD" in mar
    assert "none known" not in summary
    assert "no known allergies" not in summary


def test_draft_says_so_on_every_page_and_in_its_code() -> None:
    pack = drawn(ward_shapes.ward(1, draft=True))
    for page in paper_scan.pages(pack.pdf):
        assert "DRAFT: not in the ledger" in paper_scan.text(page).replace("\n", " ")
        read = read_code(paper_scan.scan(page).codes()[0][0], KEY)
        assert read is not None
        assert read.draft


def test_issued_pack_does_not_say_draft(texts: list[str]) -> None:
    assert not any("not in the ledger" in text for text in texts)


def test_demo_says_so_on_every_page() -> None:
    pack = drawn(ward_shapes.ward(1, demo=True))
    assert all("DEMO" in paper_scan.text(page) for page in paper_scan.pages(pack.pdf))


def test_cover_holds_the_whole_checkpoint_note(texts: list[str], pack: Pack) -> None:
    cover = "".join(text for text, sheet in zip(texts, pack.sheets, strict=True) if sheet.form == "cover")
    assert paper_scan.squeezed(ward_shapes.NOTE) in paper_scan.squeezed(cover)


def test_no_due_time_is_invented(pack: Pack, texts: list[str]) -> None:
    mar = [text for text, sheet in zip(texts, pack.sheets, strict=True) if sheet.form == "mar"]
    assert all(re.search(r"due \d", text) is None for text in mar)
    assert any("codedark does not print one" in text.replace("\n", " ") for text in mar)


def test_held_order_has_no_boxes_and_ended_ones_are_counted(pack: Pack, texts: list[str]) -> None:
    mar = " ".join(
        t for t, s in zip(texts, pack.sheets, strict=True) if s.form == "mar" and s.patient == "patient-0000"
    )
    after = mar.split("Held or unclear: no boxes")[1].split("More doses")[0]
    assert "metformin" in after
    assert "given" not in after.replace("before giving", "")
    assert "Orders that ended are named on the summary sheet: 1." in mar


def test_unknown_zone_is_a_pack_error() -> None:
    with pytest.raises(PackError, match="time zone"):
        drawn(ward_shapes.ward(0, zone="Mars/Olympus"))


def test_patient_twice_is_a_pack_error() -> None:
    twice = ward_shapes.chart(0)
    with pytest.raises(PackError, match="twice"):
        drawn(ward_shapes.request((twice, twice)))


def test_boxes_are_five_millimetres_wide_and_three_apart() -> None:
    pack = drawn(ward_shapes.ward(1))
    number = next(at for at, sheet in enumerate(pack.sheets) if sheet.form == "mar")
    page = paper_scan.pages(pack.pdf)[number]
    words, scan = page.get_textpage(), paper_scan.scan(page, 254)
    _, bottom, _, top = words.get_charbox(words.search("refused").get_next()[0])
    row = scan.crop(0, scan.height - round((bottom + top) / 2 * 254 / 72), scan.width, 1).grey
    edges = [x for x in range(1, scan.width) if row[x] < 128 <= row[x - 1]]
    ticks = [
        (left, right)
        for left, right in pairwise(edges)
        if 50 <= right - left <= 60 and not any(value < 128 for value in row[left + 6 : right - 1])
    ]
    assert len(ticks) == 4 + 3 + 4  # the time due, the three to tick, the time given
    assert all(later - earlier - 55 >= 30 for (earlier, _), (later, _) in pairwise(ticks[4:7]))
