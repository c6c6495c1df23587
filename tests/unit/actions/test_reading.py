"""Every look is an entry; no look waits for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from codedark.actions import (
    ASK_REASON,
    ReadingGap,
    close_reading_gap,
    open_envelope,
    search_patients,
    view_census,
    view_chart,
)
from codedark.clock import US_PER_S
from codedark.entries import ChartViewed, DeedRefused, ReadingUnlogged
from codedark.errors import ActionRefused, NotFound
from codedark.views import AllergyState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Ward


def test_a_chart_opened_is_an_entry_that_says_what_was_shown(ward: Ward, patient: Callable[[str], str]) -> None:
    session, who = ward.log_in("nurse4"), patient("4W")
    opened = view_chart(ward.deeds, session, who)
    assert ward.said("chart.viewed") == [
        ChartViewed(
            person=session.person, session=session.session, what="chart", fold=opened.chart.as_of.fold,
            position=opened.chart.as_of.position, patient=who, unit="4W",
        )
    ]  # fmt: skip
    assert opened.logged


def test_the_entry_stands_in_the_persons_name(ward: Ward, patient: Callable[[str], str]) -> None:
    session = ward.log_in("nurse4")
    view_chart(ward.deeds, session, patient("4W"))
    assert [entry.source for entry in ward.entries("chart.viewed")] == [f"person:{session.person}"]


def test_the_header_of_a_reading_says_nothing_about_the_patient(ward: Ward, patient: Callable[[str], str]) -> None:
    who = patient("4W")
    view_chart(ward.deeds, ward.log_in("nurse4"), who)
    assert all(who not in str(entry.header) for entry in ward.entries("chart.viewed"))


def test_a_nurse_of_another_unit_is_asked_why(ward: Ward, patient: Callable[[str], str]) -> None:
    with pytest.raises(ActionRefused) as refused:
        view_chart(ward.deeds, ward.log_in("nurse5"), patient("4W"))
    assert refused.value.hint == ASK_REASON
    assert ward.said("chart.viewed") == []


def test_with_a_reason_she_sees_it_and_the_reason_is_kept(ward: Ward, patient: Callable[[str], str]) -> None:
    view_chart(ward.deeds, ward.log_in("nurse5"), patient("4W"), "  cardiac arrest team ")
    viewed = ward.said("chart.viewed")[-1]
    assert isinstance(viewed, ChartViewed)
    assert (viewed.reason, viewed.unit) == ("cardiac arrest team", "4W")


@pytest.mark.parametrize("login", ["nurse4", "doctor"])
def test_on_ones_own_unit_no_reason_is_asked(ward: Ward, patient: Callable[[str], str], login: str) -> None:
    assert view_chart(ward.deeds, ward.log_in(login), patient("4W")).logged


@pytest.mark.parametrize("login", ["clerk", "engineer", "privacy", "admin1"])
def test_a_role_without_charts_is_refused_whatever_the_reason(
    ward: Ward, patient: Callable[[str], str], login: str
) -> None:
    with pytest.raises(ActionRefused):
        view_chart(ward.deeds, ward.log_in(login), patient("4W"), "I want to")
    assert ward.said("chart.viewed") == []


def test_a_refused_look_is_an_entry(ward: Ward, patient: Callable[[str], str]) -> None:
    session = ward.log_in("clerk")
    with pytest.raises(ActionRefused) as refused:
        view_chart(ward.deeds, session, patient("4W"))
    assert ward.said("deed.refused") == [
        DeedRefused(person=session.person, session=session.session, deed="see_chart", reason=str(refused.value))
    ]


def test_an_envelope_opens_its_own_unit_only(ward: Ward, patient: Callable[[str], str]) -> None:
    session = open_envelope(ward.deeds, "4W", ward.codes["4W"][0], "L. Roy", "M. Okoro", "pc")
    assert view_chart(ward.deeds, session, patient("4W")).logged
    with pytest.raises(ActionRefused):
        view_chart(ward.deeds, session, patient("5E"), "because")
    with pytest.raises(ActionRefused):
        view_census(ward.deeds, session, "5E")


def test_an_unknown_patient_is_not_found(ward: Ward) -> None:
    with pytest.raises(NotFound):
        view_chart(ward.deeds, ward.log_in("nurse4"), "nobody")


def test_with_nothing_writable_charts_open_unlogged_and_are_counted(ward: Ward, patient: Callable[[str], str]) -> None:
    session, who = ward.log_in("nurse4"), patient("4W")
    ward.full = True
    opened = [view_chart(ward.deeds, session, who) for _ in range(1000)]
    assert {one.logged for one in opened} == {False}
    assert {one.chart.banner.mrn for one in opened} == {"482193"}
    assert ward.deeds.gap.count == 1000


def test_the_gap_becomes_an_entry_when_writing_works_again(ward: Ward, patient: Callable[[str], str]) -> None:
    session, who = ward.log_in("nurse4"), patient("4W")
    ward.full, start = True, ward.clock.now_us()
    view_chart(ward.deeds, session, who)
    ward.clock.advance(90 * US_PER_S)
    view_census(ward.deeds, session, "4W")
    ward.full = False
    ward.clock.advance(US_PER_S)
    assert view_chart(ward.deeds, session, who).logged
    assert ward.said("reading.unlogged") == [ReadingUnlogged(count=2, since_us=start, until_us=start + 90 * US_PER_S)]
    assert ward.deeds.gap.count == 0


def test_a_gap_that_cannot_be_written_yet_is_not_lost(ward: Ward, patient: Callable[[str], str]) -> None:
    session = ward.log_in("nurse4")
    ward.full = True
    view_chart(ward.deeds, session, patient("4W"))
    assert not close_reading_gap(ward.deeds)
    assert ward.deeds.gap.count == 1
    ward.full = False
    assert close_reading_gap(ward.deeds)
    assert close_reading_gap(ward.deeds)
    assert len(ward.said("reading.unlogged")) == 1


def test_without_a_gap_nothing_is_written_about_one(ward: Ward, patient: Callable[[str], str]) -> None:
    """The control of the two above."""
    view_chart(ward.deeds, ward.log_in("nurse4"), patient("4W"))
    assert ward.said("reading.unlogged") == []


def test_a_bed_list_is_an_entry(ward: Ward) -> None:
    session = ward.log_in("nurse4")
    opened = view_census(ward.deeds, session, "4W")
    viewed = ward.said("chart.viewed")[-1]
    assert isinstance(viewed, ChartViewed)
    assert (viewed.what, viewed.unit, viewed.patient) == ("census", "4W", "")
    assert opened.clinical
    assert opened.census[0].allergy_names


@pytest.mark.parametrize(("login", "unit"), [("clerk", "4W"), ("nurse5", "4W")])
def test_whoever_has_no_clinical_role_there_gets_names_and_beds_only(ward: Ward, login: str, unit: str) -> None:
    opened = view_census(ward.deeds, ward.log_in(login), unit)
    row = next(row for row in opened.census if row.patient)
    assert not opened.clinical
    assert row.name.startswith("MARLOWE")
    assert (row.allergy_names, row.code_status, row.critical_results) == ((), "", ())
    assert row.allergy_state is AllergyState.COULD_NOT_BE_READ


def test_an_engineer_sees_no_bed_list(ward: Ward) -> None:
    with pytest.raises(ActionRefused):
        view_census(ward.deeds, ward.log_in("engineer"), "4W")


def test_a_search_is_an_entry_without_its_words(ward: Ward) -> None:
    found = search_patients(ward.deeds, ward.log_in("nurse5"), "marlowe")
    assert len(found.rows) == 1
    viewed = ward.said("chart.viewed")[-1]
    assert isinstance(viewed, ChartViewed)
    assert viewed.what == "search"
    assert b"marlowe" not in ward.entries("chart.viewed")[-1].payload.lower()


@pytest.mark.parametrize("login", ["clerk", "nurse5"])
def test_a_search_shows_nothing_clinical_of_other_units(ward: Ward, login: str) -> None:
    row = search_patients(ward.deeds, ward.log_in(login), "marlowe").rows[0]
    assert (row.mrn, row.unit) == ("482193", "4W")
    assert (row.code_status, row.isolation, row.weight) == ("", "", "")


def test_on_ones_own_unit_a_search_shows_the_code_status(ward: Ward) -> None:
    """The control: it is known, and taken out above."""
    assert search_patients(ward.deeds, ward.log_in("nurse4"), "marlowe").rows[0].code_status == "DNR"


def test_the_count_of_a_gap_outlives_its_process(ward: Ward, patient: Callable[[str], str], tmp_path: Path) -> None:
    session = ward.log_in("nurse4")
    ward.deeds.gap = ReadingGap(tmp_path / "gap")
    ward.full = True
    for _ in range(3):
        view_chart(ward.deeds, session, patient("4W"))
    ward.deeds.gap = ReadingGap(tmp_path / "gap")
    ward.full = False
    assert close_reading_gap(ward.deeds)
    assert [said.count for said in ward.said("reading.unlogged")] == [3]  # type: ignore[union-attr]
    assert not ReadingGap(tmp_path / "gap").open


def test_without_the_file_the_count_dies_with_its_process(ward: Ward, patient: Callable[[str], str]) -> None:
    """The control."""
    session = ward.log_in("nurse4")
    ward.full = True
    view_chart(ward.deeds, session, patient("4W"))
    ward.deeds.gap = ReadingGap()
    assert not ward.deeds.gap.open


def test_a_gap_whose_file_cannot_be_made_still_counts(tmp_path: Path) -> None:
    gap = ReadingGap(tmp_path / "no such folder" / "gap")
    gap.missed(5)
    assert gap.count == 1
