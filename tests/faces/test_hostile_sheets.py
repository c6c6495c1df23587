"""The unit's pack over hostile text: words are words, no file is read, the dose in the pixels is the dose stored."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import paper_scan
import pytest
from hostile_text import HIDDEN, SECRET, TEXTS, UNIT, HostileNode, dose

from codedark.clock import SeededChance
from codedark.node.config import Config, Facility
from codedark.node.packing import Plate, request_for
from codedark.paper import Pack, PackRequest, draw_pack, mint_sheets, wording

SHORT = ("script", "typst", "typst end", "override", "line ends", "segments", "stack")
NAMES = tuple(TEXTS) if os.environ.get("CODEDARK_HOSTILE") == "all" else SHORT
DPI = 200


def asked(hostile: HostileNode) -> PackRequest:
    """The pack of the patients who carry the texts of NAMES, as the node asks for it."""
    facility = Facility(id="waterbury", name=TEXTS["typst"], zone="America/New_York", code="WTB")
    plate = Plate(Config(facility=facility), b"sheet key of tests, 32 bytes long")
    record, clock = hostile.home.deeds.record, hostile.home.clock
    request = request_for(record, UNIT, plate, "", clock, draft=True, printed_by=TEXTS["typst end"])
    mrns = {f"77{list(TEXTS).index(name):04}" for name in NAMES}
    charts = tuple(chart for chart in request.charts if chart.banner.mrn in mrns)
    patients = {chart.banner.patient for chart in charts}
    census = tuple(row for row in request.census if row.patient in patients)
    return replace(request, charts=charts, census=census, unit=TEXTS["typst"])


def drawn(request: PackRequest) -> Pack:
    return draw_pack(replace(request, sheets=mint_sheets(request, SeededChance("faces"))))


@pytest.fixture(scope="module")
def request_(hostile: HostileNode) -> PackRequest:
    return asked(hostile)


class Printed:
    """A pack with its pages taken apart once. `texts`: of each page."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.pages = paper_scan.pages(pack.pdf)
        self.texts = [paper_scan.text(page) for page in self.pages]

    def of(self, patient: str, form: str) -> list[int]:
        """Numbers of one form's pages."""
        sheets = enumerate(self.pack.sheets)
        return [number for number, sheet in sheets if (sheet.patient, sheet.form) == (patient, form)]

    def words(self, patient: str, form: str) -> str:
        return paper_scan.squeezed("".join(self.texts[number] for number in self.of(patient, form))).casefold()


@pytest.fixture(scope="module")
def printed(request_: PackRequest) -> Printed:
    return Printed(drawn(request_))


def test_every_text_is_whole_on_summary_and_mar(request_: PackRequest, printed: Printed) -> None:
    missing = []
    for chart in request_.charts:
        text = list(TEXTS.values())[int(chart.banner.mrn[2:])]
        wanted = paper_scan.squeezed(wording.printable(text)).casefold()
        for form, least in (("summary", 12), ("mar", 8)):
            count = printed.words(chart.banner.patient, form).count(wanted)
            if count < least:
                missing.append((chart.banner.mrn, form, count))
    assert missing == []


def test_nothing_hides_and_no_file_was_read(printed: Printed) -> None:
    text = "\n".join(printed.texts)

    assert HIDDEN.findall(re.sub("[\r\n\ufffe\u200b]", "", text)) == []
    assert SECRET not in text
    assert "/etc/passwd" in text


def test_a_pack_asks_nobody_for_anything(hostile: HostileNode, printed: Printed) -> None:
    pack = printed.pack
    assert pack.pages > len(NAMES)
    assert hostile.ear.hits == []
    assert b"/URI" not in pack.pdf
    assert b"/JavaScript" not in pack.pdf
    assert b"/Launch" not in pack.pdf
    assert b"/EmbeddedFile" not in pack.pdf


@cache
def reader() -> Callable[[Any], str]:
    """An OCR engine that shares nothing with the code that drew the page."""
    try:
        import numpy
        from rapidocr import RapidOCR
    except ImportError:
        pytest.skip("DID NOT RUN: no OCR engine for the doses in the pixels (pip install rapidocr onnxruntime)")
    engine = RapidOCR(params={"Global.log_level": "critical"})

    def read(scan: paper_scan.Scan) -> str:
        grey = numpy.frombuffer(scan.grey, numpy.uint8).reshape(scan.height, scan.width)
        found = engine(numpy.stack([grey] * 3, axis=-1), use_det=False, use_cls=False, use_rec=True)
        return str(found.txts[0]) if found.txts else ""

    return read


def dose_in_pixels(printed: Printed, patient: str, wanted: str) -> str:
    """What the pixels say where the text of a patient's MAR first says `wanted` in one line; "" where it does not."""
    for page in (printed.pages[number] for number in printed.of(patient, "mar")):
        letters = paper_scan.characters(page)
        line = "".join(char for char, *_ in letters)
        for at in (match.start() for match in re.finditer(re.escape(wanted), line)):
            boxes = [box for _, *box in letters[at : at + len(wanted)]]
            left, right = min(b[0] for b in boxes) - 3, max(b[2] for b in boxes) + 3
            top, bottom = (
                page.get_height() - max(b[3] for b in boxes) - 3,
                page.get_height() - min(b[1] for b in boxes) + 3,
            )
            if bottom - top < 30:
                x, y, w, h = (int(value * DPI / 72) for value in (left, top, right - left, bottom - top))
                return reader()(paper_scan.scan(page, DPI).crop(x, y, w, h))
    return ""


def stored_doses(hostile: HostileNode, patient: str) -> set[str]:
    return {medication.dose for medication in hostile.home.deeds.record.chart(patient).medications if medication.dose}


def test_the_dose_in_the_pixels_is_the_dose_stored(
    hostile: HostileNode, request_: PackRequest, printed: Printed
) -> None:
    wrong = []
    for chart in request_.charts:
        stored = dose(int(chart.banner.mrn[2:]))
        assert f"{stored} mg" in stored_doses(hostile, chart.banner.patient)
        said = dose_in_pixels(printed, chart.banner.patient, f"{stored}mg")
        if _digits(said) != stored:
            wrong.append((stored, said))
    assert wrong == []
    assert len(request_.charts) == len(NAMES)


def _digits(said: str) -> str:
    return "".join(re.findall(r"[0-9.]", said.replace(",", "."))).rstrip(".")


def test_the_control_a_dose_drawn_otherwise_is_read_otherwise(request_: PackRequest) -> None:
    chart = request_.charts[0]
    number = int(chart.banner.mrn[2:])
    other = "70.31"
    changed = tuple(replace(m, dose=m.dose.replace(dose(number), other)) for m in chart.medications)
    printed = Printed(drawn(replace(request_, charts=(replace(chart, medications=changed),), census=())))

    assert _digits(dose_in_pixels(printed, chart.banner.patient, f"{other}mg")) == other


def test_the_control_without_marks_the_override_is_in_the_paper(
    request_: PackRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wording, "_drawn", lambda char: char)
    number = next(n for n, chart in enumerate(request_.charts) if "\u202e" in chart.banner.name)
    printed = Printed(drawn(replace(request_, charts=request_.charts[number : number + 1], census=())))

    assert "‹U+202E›" not in "".join(printed.texts)
