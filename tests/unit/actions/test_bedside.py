"""What a person records is an entry with person, device, basis and both times, and stands in the chart as theirs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from codedark.actions import (
    ASK_REASON,
    claimed,
    decide,
    distrust,
    hold_source,
    open_envelope,
    record_facts,
    trust_again,
)
from codedark.clock import US_PER_S
from codedark.entries import Basis, BedsideNote, Dose, FactsRecorded, Said, Vitals
from codedark.errors import ActionRefused, AppendFailed, NotFound
from codedark.views import Chart, Mark, digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ward

    Patient = Callable[[str], str]

PULSE = {"pulse": Decimal(88), "temperature": Decimal("38.20")}


def at(ward: Ward) -> str:
    return claimed(ward.deeds)


def later(ward: Ward, minutes: int) -> str:
    now = datetime.fromtimestamp(ward.clock.now_us() / 1e6, UTC)
    return (now + timedelta(minutes=minutes)).isoformat(timespec="seconds")


def kept(ward: Ward, unit_patient: str, said: Said, login: str = "nurse4", **more: str) -> FactsRecorded:
    record_facts(ward.deeds, ward.log_in(login, "cart-7"), unit_patient, said, **more)  # type: ignore[arg-type]
    ward.fold()
    found = ward.said("facts.recorded")[-1]
    assert isinstance(found, FactsRecorded)
    return found


def chart(ward: Ward, patient: str) -> Chart:
    return ward.deeds.record.chart(patient)


def test_a_dose_is_kept_with_who_where_how_and_when_and_stands_in_the_chart(ward: Ward, patient: Patient) -> None:
    who, when = patient("4W"), at(ward)
    said = kept(ward, who, Dose("Morphine", when, amount=Decimal(2), unit="mg", route="IV"), basis=Basis.SEEN)
    assert (said.person, said.device, said.basis) == (ward.person("nurse4"), "cart-7", "seen by me")
    assert said.time_basis == "stated"
    assert json.loads(said.resources[0])["effectiveDateTime"] == when
    entry = ward.entries("facts.recorded")[0]
    assert entry.source == f"person:{said.person}"
    assert kept(ward, who, BedsideNote("calm", "")).time_basis == "clock"
    ((_, dose),) = ward.deeds.record.administrations(who)
    assert (dose.dose, dose.given, dose.time_impossible, dose.by) == ("2 mg", True, False, "Nurse4")
    assert (dose.stamp.mark, dose.stamp.recorded_at_us) == (Mark.SCREEN, entry.recorded_at_us)


def test_vital_signs_keep_their_digits_and_their_units(ward: Ward, patient: Patient) -> None:
    who = patient("4W")
    kept(ward, who, Vitals(PULSE, at(ward)))
    shown = {vital.name: (vital.value, vital.unit, vital.stamp.mark) for vital in chart(ward, who).vitals}
    assert shown == {
        "Heart rate": ("88", "/min", Mark.SCREEN),
        "Body temperature": ("38.20", "Cel", Mark.SCREEN),
    }


def test_a_note_is_shown_as_written(ward: Ward, patient: Patient) -> None:
    who = patient("4W")
    kept(ward, who, BedsideNote("Fell asleep at <03:00>.\nBreathing calmly.", at(ward)))
    (note,) = chart(ward, who).notes
    assert (note.text, note.author) == ("Fell asleep at <03:00>.\nBreathing calmly.", "Nurse4")


def test_a_dose_not_given_says_why_and_is_never_the_last_given(ward: Ward, patient: Patient) -> None:
    who = patient("4W")
    with pytest.raises(ActionRefused, match="says why"):
        kept(ward, who, Dose("Morphine", at(ward), given=False))
    kept(ward, who, Dose("Morphine", at(ward), given=False, reason="asleep"))
    ((_, dose),) = ward.deeds.record.administrations(who)
    assert (dose.given, dose.reason) == (False, "asleep")


@pytest.mark.parametrize(("minutes", "impossible"), [(4, False), (6, True)])
def test_a_time_more_than_five_minutes_ahead_is_kept_and_impossible(
    ward: Ward, patient: Patient, minutes: int, impossible: bool
) -> None:
    who = patient("4W")
    kept(ward, who, Dose("Morphine", later(ward, minutes), amount=Decimal(2), unit="mg"))
    kept(ward, who, Vitals({"pulse": Decimal(70)}, at(ward)))
    kept(ward, who, Vitals({"pulse": Decimal(200)}, later(ward, minutes)))
    ((_, dose),) = ward.deeds.record.administrations(who)
    newest, _ = chart(ward, who).vitals
    assert dose.time_impossible is impossible
    assert (newest.value, newest.time_impossible) == (("70", False) if impossible else ("200", False))


def test_an_impossible_weight_is_not_the_patients_weight(ward: Ward, patient: Patient) -> None:
    who = patient("4W")
    kept(ward, who, Vitals({"weight": Decimal(70)}, at(ward)))
    kept(ward, who, Vitals({"weight": Decimal(700)}, later(ward, 600)))
    assert chart(ward, who).banner.weight == "70 kg"


def out(ward: Ward, source: str) -> tuple[str, int]:
    """Distrusted by two people from the beginning; (source, since)."""
    proposal = distrust(ward.deeds, ward.log_in("engineer"), source, 0, None, "not her")
    ward.fold()
    decide(ward.deeds, ward.log_in("admin1"), proposal, True)
    ward.fold()
    return source, 0


@pytest.mark.parametrize("source", ["person:{nurse}", "device:cart-7"])
def test_a_distrusted_person_or_device_takes_its_facts_out_visibly_and_an_undo_brings_them_back(
    ward: Ward, patient: Patient, source: str
) -> None:
    who = patient("4W")
    before = digest(ward.fold_.store)
    kept(ward, who, Vitals(PULSE, at(ward)))
    shown = digest(ward.fold_.store)
    source = source.format(nurse=ward.person("nurse4"))
    out(ward, source)
    assert chart(ward, who).vitals == ()
    assert chart(ward, who).unread == 2
    assert digest(ward.fold_.store) == before
    proposal = trust_again(ward.deeds, ward.log_in("engineer"), source, 0, None, "it was her")
    ward.fold()
    decide(ward.deeds, ward.log_in("admin1"), proposal, True)
    ward.fold()
    assert digest(ward.fold_.store) == shown
    assert len(chart(ward, who).vitals) == 2


def test_another_persons_facts_at_another_device_stay(ward: Ward, patient: Patient) -> None:
    """The negative control of distrust."""
    who = patient("4W")
    record_facts(ward.deeds, ward.log_in("doctor", "cart-9"), who, Vitals(PULSE, at(ward)))
    ward.fold()
    out(ward, "device:cart-7")
    out(ward, f"person:{ward.person('nurse4')}")
    assert len(chart(ward, who).vitals) == 2


def test_what_is_said_through_a_quarantined_device_is_kept_and_held(ward: Ward, patient: Patient) -> None:
    who = patient("4W")
    hold_source(ward.deeds, ward.log_in("engineer"), "device:cart-7", "found open")
    ward.fold()
    kept(ward, who, Vitals(PULSE, at(ward)))
    assert (chart(ward, who).vitals, chart(ward, who).held_back) == ((), 2)


def test_a_patient_of_another_unit_takes_a_reason_and_the_reason_is_kept(ward: Ward, patient: Patient) -> None:
    who = patient("5E")
    with pytest.raises(ActionRefused) as refusal:
        kept(ward, who, Vitals(PULSE, at(ward)))
    assert refusal.value.hint == ASK_REASON
    assert kept(ward, who, Vitals(PULSE, at(ward)), reason="code blue, 5E called").reason == "code blue, 5E called"


def test_an_envelope_records_on_its_own_unit_only(ward: Ward, patient: Patient) -> None:
    session = open_envelope(ward.deeds, "4W", ward.codes["4W"][0], "L. Roy", "M. Okoro", "pc")
    ward.fold()
    record_facts(ward.deeds, session, patient("4W"), Vitals(PULSE, at(ward)))
    with pytest.raises(ActionRefused, match="own unit"):
        record_facts(ward.deeds, session, patient("5E"), Vitals(PULSE, at(ward)), reason="please")


@pytest.mark.parametrize("login", ["clerk", "engineer", "privacy", "admin1"])
def test_others_record_nothing(ward: Ward, patient: Patient, login: str) -> None:
    with pytest.raises(ActionRefused):
        kept(ward, patient("4W"), Vitals(PULSE, at(ward)), login)
    assert ward.entries("facts.recorded") == []


def test_a_time_needs_its_offset_and_now_needs_a_clock_that_is_trusted(ward: Ward) -> None:
    with pytest.raises(ActionRefused, match="no moment"):
        claimed(ward.deeds, "2026-11-24T03:12")
    assert claimed(ward.deeds, "2026-11-24T03:12-05:00") == "2026-11-24T03:12:00-05:00"
    ward.clock.jump(-86_400 * US_PER_S)
    with pytest.raises(ActionRefused, match="clock is not trusted"):
        claimed(ward.deeds)


@pytest.mark.parametrize(
    "said",
    [
        Dose("", "2026-11-24T03:12:00-05:00"),
        Dose("Morphine", "2026-11-24T03:12:00-05:00", amount=Decimal(0), unit="mg"),
        Vitals({"pulse": Decimal("NaN")}, "2026-11-24T03:12:00-05:00"),
        Vitals({"mood": Decimal(1)}, "2026-11-24T03:12:00-05:00"),
        Vitals({}, "2026-11-24T03:12:00-05:00"),
        BedsideNote(" ", "2026-11-24T03:12:00-05:00"),
        BedsideNote("x" * 16_001, "2026-11-24T03:12:00-05:00"),
    ],
)
def test_what_says_nothing_is_not_recorded(ward: Ward, patient: Patient, said: Said) -> None:
    with pytest.raises(ActionRefused):
        kept(ward, patient("4W"), said)
    assert ward.entries("facts.recorded") == []


def test_an_order_that_is_not_the_patients_is_refused(ward: Ward, patient: Patient) -> None:
    with pytest.raises(ActionRefused, match="not in the patient's record"):
        kept(ward, patient("4W"), Dose("Morphine", at(ward), order="of-somebody-else"))
    with pytest.raises(NotFound):
        kept(ward, "nobody", Dose("Morphine", at(ward)))


def test_what_cannot_be_kept_is_never_said_to_be(ward: Ward, patient: Patient) -> None:
    who, nurse = patient("4W"), ward.log_in("nurse4")
    ward.full = True
    with pytest.raises(AppendFailed):
        record_facts(ward.deeds, nurse, who, Vitals(PULSE, at(ward)))
