"""What a print report says of itself: whose pages, which kind, printed when; and when it says nothing sure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from print_reports import ADA, Person, bound, census, report

from codedark.cage import Cage
from codedark.entries import PATTERNS, ReportWord, patterns_complaint
from codedark.entries.reports import Stretch, date_of, lines_of, printed_moment, stretches

NGOZI = Person("OKAFOR, Ngozi", "000002", "14-Jul-1972", "V2")


@pytest.fixture(scope="module")
def cage() -> Iterator[Cage]:
    with Cage.start() as made:
        yield made


def read(cage: Cage, file: bytes, order: str = "") -> list[Stretch]:
    pages = [
        [ReportWord(word.text, word.left, word.top, word.right, word.bottom) for word in page.words]
        for page in cage.text(file)
    ]
    return stretches(pages, PATTERNS, order)


def test_mar_says_whose_it_is_and_when_it_was_printed(cage: Cage) -> None:
    (found,) = read(cage, report(pages=3), "mdy")
    says = found.says
    assert (found.first, found.last, found.problem) == (1, 3, "")
    assert (says.kind, says.mrns, says.visits, says.unit) == ("mar", {"000001"}, {"V1"}, "4W")
    assert (says.names, says.births) == ({"MARLOWE, Ada1"}, {"1955-03-04"})
    when = printed_moment(says.printed, "America/New_York")
    assert when is not None
    assert when.iso == "2026-11-24T02:58:00-05:00"


def test_file_of_several_patients_is_cut_where_the_patient_changes(cage: Cage) -> None:
    found = read(cage, bound(report(pages=2), report(NGOZI), report()))
    assert [(each.first, each.last, sorted(each.says.mrns)) for each in found] == [
        (1, 2, ["000001"]),
        (3, 3, ["000002"]),
        (4, 4, ["000001"]),
    ]


def test_page_that_names_nobody_is_nobodys_in_a_file_of_several(cage: Cage) -> None:
    found = read(cage, bound(report(), report(None, title="Page"), report(NGOZI)))
    assert [each.problem for each in found] == ["", "names no patient by number, or by name and birth date", ""]


def test_page_that_names_nobody_follows_the_only_patient_of_the_file(cage: Cage) -> None:
    (found,) = read(cage, bound(report(), report(None, title="Page")))
    assert (found.first, found.last) == (1, 2)


def test_page_that_names_two_patients_is_nobodys(cage: Cage) -> None:
    rows = (("transfer from", "MRN: 000002", "", ""),)
    (found,) = read(cage, report(rows=rows))
    assert found.problem == "names more than one patient"


def test_census_is_about_its_unit(cage: Cage) -> None:
    (found,) = read(cage, census(ADA, NGOZI))
    assert (found.says.kind, found.says.unit, found.problem) == ("census", "4W", "")


def test_month_of_march_makes_no_mar(cage: Cage) -> None:
    (found,) = read(cage, report(title="Nursing notes 24 MAR 2026", rows=(("24-MAR-2026", "x", "y", "z"),)))
    assert found.says.kind == ""


@pytest.mark.parametrize(
    ("text", "order", "date"),
    [
        ("1955-03-04", "", "1955-03-04"),
        ("04-Mar-1955", "", "1955-03-04"),
        ("March 4, 1955", "", "1955-03-04"),
        ("03/14/1955", "", "1955-03-14"),
        ("14.03.1955", "", "1955-03-14"),
        ("03/04/1955", "", ""),
        ("03/04/1955", "mdy", "1955-03-04"),
        ("03/04/1955", "dmy", "1955-04-03"),
        ("31-Feb-1955", "", ""),
    ],
)
def test_date_that_could_be_two_counts_only_as_the_site_says(text: str, order: str, date: str) -> None:
    assert date_of(text, order) == date


@pytest.mark.parametrize("text", ["24-Nov-2026 2:58 PM", "11/24/2026 14:58", "Nov 24, 2026 at 2:58 pm"])
def test_print_time_is_read_in_the_ways_it_is_printed(text: str) -> None:
    when = printed_moment(text, "America/New_York")
    assert when is not None
    assert when.iso == "2026-11-24T14:58:00-05:00"


def test_words_of_one_line_with_a_wide_gap_keep_it() -> None:
    words = [
        ReportWord("Name:", 10, 10, 40, 20),
        ReportWord("ADA", 44, 10, 60, 20),
        ReportWord("MRN", 200, 11, 220, 21),
    ]
    assert lines_of(words[::-1]) == ["Name: ADA  MRN"]


def test_pattern_of_the_site_is_refused_with_its_reason() -> None:
    assert patterns_complaint({"mrn": r"Nr (\d+)"}) == ""
    assert "exactly one group" in patterns_complaint({"mrn": r"Nr \d+"})
    assert "regular expression" in patterns_complaint({"mrn": "("})
    assert "no pattern named" in patterns_complaint({"mrm": "(x)"})


def test_patterns_of_the_site_replace_single_ones(cage: Cage) -> None:
    file = report(replace(ADA, mrn=""), rows=(("Patientennummer 77-42", "", "", ""),))
    pages = [
        [ReportWord(word.text, word.left, word.top, word.right, word.bottom) for word in page.words]
        for page in cage.text(file)
    ]
    (found,) = stretches(pages, {**PATTERNS, "mrn": r"Patientennummer (\S+)"})
    assert found.says.mrns == {"77-42"}
