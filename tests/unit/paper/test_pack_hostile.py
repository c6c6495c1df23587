"""Outside text on paper is data: nothing runs, nothing is read, nothing is hidden, nothing is cut."""

from __future__ import annotations

from dataclasses import replace

import paper_scan
import pytest
import ward_shapes

from codedark.clock import SeededChance
from codedark.paper import Pack, PackRequest, draw_pack, mint_sheets
from codedark.paper.wording import printable
from codedark.views import Allergy, AllergyState, Chart

HOSTILE = (
    '#read("/etc/passwd")',
    '#panic("stop") #import "@preview/cetz:0.1.0"',
    '"); #pagebreak() //',
    "*bold* _em_ $x^2$ `raw` = heading <sheet> @ref https://example.org/x.png",
    "<script>alert(1)</script> {{7*7}} ${7*7} %s",
    "0.5\u202e gm 01",
    "zero\u200bwidth\u2060joiner\ufeff",
    "NUL\x00 ESC\x1b[2J BEL\x07",
    "line\nfeed\rreturn\ttab",
    "'; DROP TABLE patient; --|^~\\&",
    "李小龍 🧨 עברית",
    "‹LF› “quoted” 1 ½",
)
LONG_DRUG = "hydro" + "x" * 288 + "cortone"


def drawn(request: PackRequest) -> Pack:
    return draw_pack(replace(request, sheets=mint_sheets(request, SeededChance("hostile"))))


def whole(pack: Pack, form: str) -> str:
    """All text of one form's pages without white space."""
    pages = zip(paper_scan.pages(pack.pdf), pack.sheets, strict=True)
    return paper_scan.squeezed("".join(paper_scan.text(page) for page, sheet in pages if sheet.form == form))


def poisoned(value: str) -> Chart:
    """A chart with `value` in every field that came from outside."""
    chart = ward_shapes.chart(0)
    medication = replace(
        chart.medications[0], name=value, dose=value, route=value, schedule=value, prescriber=value, status="active"
    )
    return replace(
        chart,
        banner=replace(
            chart.banner,
            name=value,
            mrn=value,
            visit=value,
            bed=value,
            code_status=value,
            weight=value,
            isolation=value,
        ),
        allergies=(Allergy(value, (value,), value, value, None, chart.allergies[0].stamp),),
        medications=(medication, replace(medication, as_needed=True), replace(medication, status="on-hold")),
        results=(
            replace(chart.results[0], name=value, panel=value, value=value, unit=value, reference=value, flag=value),
        ),
        vitals=(replace(chart.vitals[0], name=value, value=value, unit=value),),
        conditions=(replace(chart.conditions[0], name=value, status=value),),
        orders=(replace(chart.orders[0], name=value, priority=value, by=value),),
        notes=(replace(chart.notes[0], title=value, author=value),),
    )


@pytest.fixture(scope="module")
def hostile() -> Pack:
    charts = [poisoned(value) for value in HOSTILE]
    charts = [replace(c, banner=replace(c.banner, patient=f"hostile-{at}")) for at, c in enumerate(charts)]
    return drawn(ward_shapes.request(tuple(charts)))


@pytest.mark.parametrize("form", ["cover", "summary", "mar", "observations", "results"])
def test_hostile_text_is_printed_as_the_text_it_is(hostile: Pack, form: str) -> None:
    text = whole(hostile, form)
    for value in HOSTILE:
        assert paper_scan.squeezed(printable(value)) in text


def test_hostile_text_runs_nothing_and_reads_nothing(hostile: Pack) -> None:
    text = "".join(whole(hostile, form) for form in ("cover", "summary", "mar"))
    assert "root:x:0" not in text
    assert text.count("/etc/passwd") == text.count('#read("/etc/passwd")')


def test_hostile_text_is_not_printed_over_other_text(hostile: Pack) -> None:
    assert [paper_scan.printed_over(page) for page in paper_scan.pages(hostile.pdf)] == [[]] * hostile.pages


def test_direction_marks_cannot_turn_a_dose_round(hostile: Pack) -> None:
    assert "0.5‹U+202E›gm01" in whole(hostile, "mar")


def test_drug_name_of_300_characters_is_whole_on_both_forms() -> None:
    chart = ward_shapes.chart(0)
    named = replace(chart.medications[0], name=LONG_DRUG, status="active", as_needed=False, infusion=False)
    pack = drawn(ward_shapes.request((replace(chart, medications=(named,)),)))
    assert LONG_DRUG in whole(pack, "summary")
    assert LONG_DRUG in whole(pack, "mar")


def test_edge_of_the_paper_stays_white_whatever_is_long(hostile: Pack) -> None:
    edge = int(6.5 / 25.4 * 60)
    for page in paper_scan.pages(hostile.pdf):
        scan = paper_scan.scan(page, 60)
        assert scan.crop(scan.width - edge, 0, edge, scan.height).darkest() == 255


def test_allergies_too_many_for_the_strip_are_whole_on_the_summary_and_named_on_every_page() -> None:
    chart = ward_shapes.chart(0)
    allergies = tuple(replace(chart.allergies[0], substance=f"substance number {n} of many") for n in range(80))
    pack = drawn(ward_shapes.request((replace(chart, allergies=allergies),)))
    text = whole(pack, "summary")
    assert all(f"substancenumber{n}ofmany" in text for n in range(80))
    for page, sheet in zip(paper_scan.pages(pack.pdf), pack.sheets, strict=True):
        if sheet.patient:
            assert "80 ALLERGIES: too long for this strip" in paper_scan.text(page).replace("\n", " ")


def test_identity_too_long_for_the_strip_is_whole_on_page_one() -> None:
    chart = ward_shapes.chart(0)
    name = " ".join(f"Given{n:03d}" for n in range(900))
    pack = drawn(ward_shapes.request((replace(chart, banner=replace(chart.banner, name=name)),)))
    for form in ("summary", "mar"):
        text = whole(pack, form)
        assert [part for part in name.split() if part not in text] == []
        assert "IDENTITYTOOLONGFORTHISSTRIP" in text


def test_order_longer_than_a_page_is_whole() -> None:
    chart = ward_shapes.chart(0)
    words = [f"word{n:04d}" for n in range(2_500)]
    named = replace(chart.medications[0], schedule=" ".join(words), status="active", as_needed=False, infusion=False)
    text = whole(drawn(ward_shapes.request((replace(chart, medications=(named,)),))), "mar")
    assert [word for word in words if word not in text] == []


def test_result_rows_continue_on_further_sheets_each_with_its_own_identity() -> None:
    chart = ward_shapes.chart(0)
    results = tuple(replace(chart.results[0], name=f"test {n:03d}", critical=False, earlier=()) for n in range(200))
    pack = drawn(ward_shapes.request((replace(chart, results=results),)))
    sheets = [sheet for sheet in pack.sheets if sheet.form == "results"]
    assert len(sheets) > 3
    assert len({sheet.text for sheet in sheets}) == len(sheets)
    text = whole(pack, "results")
    assert [n for n in range(200) if f"test{n:03d}" not in text] == []


def test_conflict_of_no_known_allergies_and_an_allergy_shows_both() -> None:
    chart = replace(ward_shapes.chart(0), allergy_state=AllergyState.NONE_KNOWN)
    assert "CONFLICT:alsorecordedas" in whole(drawn(ward_shapes.request((chart,))), "mar")


def test_the_statement_that_there_are_none_is_no_conflict_with_itself() -> None:
    told = replace(ward_shapes.chart(0).allergies[0], substance="No known allergy", reactions=(), none_known=True)
    chart = replace(ward_shapes.chart(0), allergy_state=AllergyState.NONE_KNOWN, allergies=(told,))
    assert "CONFLICT" not in whole(drawn(ward_shapes.request((chart,))), "mar")


def test_statement_of_no_known_allergies_is_no_allergy() -> None:
    stated = replace(ward_shapes.chart(0).allergies[0], substance="No known allergy", reactions=(), none_known=True)
    chart = replace(ward_shapes.chart(0), allergy_state=AllergyState.NONE_KNOWN, allergies=(stated,))
    text = whole(drawn(ward_shapes.request((chart,))), "summary")
    assert "ALLERGIESnoknownallergies" in text
    assert "CONFLICT" not in text
    assert "Noknownallergy" not in text


def test_allergies_without_names_are_not_blank() -> None:
    chart = replace(ward_shapes.chart(0), allergy_state=AllergyState.HAS, allergies=())
    assert "hasallergies,namesnotrecorded" in whole(drawn(ward_shapes.request((chart,))), "mar")
