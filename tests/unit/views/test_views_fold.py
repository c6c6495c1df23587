"""The fold: claims add up by rank, distrust and merges are reversible, one bad entry stays alone."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from views_tape import KEY, MINUTE, START_US, Tape, Views, fact, patient, spoken, stay

from codedark.entries import (
    ConfigSet,
    GuardFlagged,
    Interpretation,
    Op,
    Problem,
    Site,
    SourceDistrusted,
    Standing,
    WorklistDecided,
)
from codedark.errors import CodedarkError, NotFound
from codedark.journal import Entry
from codedark.views import AllergyState, Fold, Record, ViewStore, digest


def potassium(value: str, at: int, status: str = "final", standing: Standing = Standing.FINAL, **more: Any) -> Any:
    body = {
        "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3", "display": "Potassium"}]},
        "status": status,
        "valueQuantity": {"value": Decimal(value), "unit": "mmol/L"},
        **more,
    }
    return fact("Observation", "k1", "p1", body, at, standing=standing)


def folded(folder: Path, *facts_by_entry: list[Any]) -> str:
    views = Views(folder)
    for facts in facts_by_entry:
        views.tape.facts(*facts)
    views.caught_up()
    return digest(views.store)


def test_a_correction_wins_and_keeps_what_it_corrected(views: Views) -> None:
    views.tape.facts(potassium("6.8", 1))
    views.tape.facts(potassium("5.1", 2, "corrected", Standing.CORRECTED))
    (result,) = views.caught_up().chart("p1").results
    assert (result.value, result.standing, result.earlier) == ("5.1", "corrected", ("6.8",))


def test_a_correction_that_arrives_first_still_wins(tmp_path: Path) -> None:
    first, then = [potassium("6.8", 1)], [potassium("5.1", 2, "corrected", Standing.CORRECTED)]
    assert folded(tmp_path / "a", first, then) == folded(tmp_path / "b", then, first)


def test_a_late_preliminary_never_beats_a_final(views: Views) -> None:
    views.tape.facts(potassium("6.8", 1))
    views.tape.facts(potassium("9.9", 9, "preliminary", Standing.PRELIMINARY))
    assert views.caught_up().chart("p1").results[0].value == "6.8"


def test_every_digit_of_a_decimal_is_kept(views: Views) -> None:
    views.tape.facts(potassium("1.10", 1))
    assert views.caught_up().chart("p1").results[0].value == "1.10"


def test_a_patch_leaves_other_fields_alone_and_clears_what_it_names(views: Views) -> None:
    views.tape.facts(patient("p1", "Marlowe"))
    views.tape.facts(fact("Patient", "p1", "p1", {"gender": "male"}, 1, cleared=("birthDate",)))
    banner = views.caught_up().chart("p1").banner
    assert (banner.name, banner.sex, banner.birth_date) == ("MARLOWE, Ada", "male", "")


def test_a_put_replaces_the_whole_resource(views: Views) -> None:
    views.tape.facts(patient("p1", "Marlowe"))
    views.tape.facts(fact("Patient", "p1", "p1", {"name": [{"family": "Moss"}]}, 1, op=Op.PUT))
    banner = views.caught_up().chart("p1").banner
    assert (banner.name, banner.birth_date) == ("MOSS", "")


def test_a_deleted_resource_shows_nowhere_and_a_later_claim_brings_it_back(views: Views) -> None:
    views.tape.facts(potassium("6.8", 1))
    views.tape.facts(fact("Observation", "k1", "p1", {}, 2, op=Op.DELETE, standing=Standing.FINAL))
    assert views.caught_up().chart("p1").results == ()
    views.tape.facts(potassium("6.9", 3))
    assert views.caught_up().chart("p1").results[0].value == "6.9"


def test_a_value_of_another_type_replaces_the_one_it_corrects(views: Views) -> None:
    views.tape.facts(potassium("6.8", 1))
    corrected = {"status": "corrected", "valueString": "haemolysed"}
    views.tape.facts(fact("Observation", "k1", "p1", corrected, 2, standing=Standing.CORRECTED))
    assert views.caught_up().chart("p1").results[0].value == "haemolysed"


def test_an_assumed_zone_does_not_outlive_the_time_it_belongs_to(views: Views) -> None:
    marked = {"_effectiveDateTime": {"extension": [{"url": "urn:codedark:assumed-zone", "valueString": "20260921"}]}}
    views.tape.facts(potassium("6.8", 1, effectiveDateTime="2026-09-21T00:00:00-04:00", **marked))
    when = views.caught_up().chart("p1").results[0].when
    assert when is not None
    assert when.zone_assumed
    assert when.source_text == "20260921"
    views.tape.facts(potassium("6.8", 2, effectiveDateTime="2026-09-21T00:00:00+02:00"))
    when = views.caught_up().chart("p1").results[0].when
    assert when is not None
    assert not when.zone_assumed


def _poison(entry: Entry, site: Site) -> Interpretation:
    if b"poison" in entry.payload:
        raise RuntimeError("a bug in the mapping")
    return spoken(entry, site)


def test_an_entry_that_cannot_be_interpreted_does_not_stop_the_fold(tmp_path: Path) -> None:
    tape = Tape()
    tape.facts(patient("p1", "Marlowe"))
    tape.add("hl7.received", b"poison")
    tape.facts(patient("p2", "Okafor"))
    store = ViewStore.open(tmp_path, KEY)
    assert Fold(tape, store, interpret=_poison).catch_up() == 3
    record = Record(store)
    assert record.status().patients == 2
    assert [item.position for item in record.worklist()] == [1]


def test_an_entry_that_cannot_be_written_is_left_out_alone(views: Views) -> None:
    views.tape.facts(patient("p1", "Marlowe"))
    too_big = fact("Observation", "o1", "p1", {"status": "final"})
    views.tape.facts(patient("p3", "Nobody"), msgspec.structs.replace(too_big, claimed_at_us=1 << 70))
    views.tape.facts(patient("p2", "Okafor"))
    record = views.caught_up()
    assert record.as_of().position == 2
    assert {banner.name for banner in record.patients()} == {"MARLOWE, Ada", "OKAFOR, Ada"}
    assert [item.position for item in record.worklist()] == [1]


def test_a_resource_not_shaped_like_r4_stands_on_the_worklist(views: Views) -> None:
    views.tape.facts(
        patient("p1", "Marlowe"), fact("AllergyIntolerance", "a1", "p1", {"code": ["nonsense"]}, path="AL1[1]")
    )
    record = views.caught_up()
    chart = record.chart("p1")
    assert chart.allergy_state is AllergyState.COULD_NOT_BE_READ
    assert chart.unread == 1
    assert record.status().worklist_open == 1
    assert record.worklist()[0].item == "0/AL1[1]"


class _Stops(Exception):
    pass


def test_a_fold_that_dies_in_a_batch_goes_on_to_the_same_state(tmp_path: Path) -> None:
    tape = Tape()
    for number in range(20):
        tape.facts(patient("p1", f"Name{number}", at=number), stay(f"e{number}", "p1", f"4W^{number}^A", number))
    died: list[int] = []

    def dying(entry: Entry, site: Site) -> Interpretation:
        if entry.position == 13 and not died:
            died.append(13)
            raise KeyboardInterrupt
        return spoken(entry, site)

    store = ViewStore.open(tmp_path / "a", KEY)
    fold = Fold(tape, store, interpret=dying)
    fold.catch_up(max_entries=5)
    with pytest.raises(KeyboardInterrupt):
        fold.catch_up()
    assert Record(store).as_of().position == 4
    fold.catch_up()
    straight = ViewStore.open(tmp_path / "b", KEY)
    Fold(tape, straight, interpret=spoken).catch_up()
    assert digest(store, whole=True) == digest(straight, whole=True)


def test_the_cut_into_batches_changes_nothing(tmp_path: Path) -> None:
    tape = Tape()
    for number in range(12):
        tape.facts(patient("p1", f"Name{number % 5}", at=number % 7), potassium(str(number), number), topics=["adt"])
    digests = set()
    for size in (1, 5, None):
        store = ViewStore.open(tmp_path / str(size), KEY)
        fold = Fold(tape, store, interpret=spoken)
        while fold.catch_up(max_entries=size):
            pass
        digests.add(digest(store, whole=True))
    assert len(digests) == 1


def _forged(tape: Tape) -> None:
    tape.facts(patient("p1", "FORGED", at=50), source="feed:EVIL")
    tape.facts(fact("AllergyIntolerance", "a1", "p1", {}, 51, op=Op.DELETE), source="feed:EVIL")
    tape.facts(fact("Patient", "p1", "p1", {"into": "p2"}, 52, op=Op.LINK), source="feed:EVIL")
    tape.facts(stay("e1", "p1", "9X^99^Z", 53), source="feed:EVIL")


def _true(tape: Tape) -> None:
    penicillin = fact("AllergyIntolerance", "a1", "p1", {"code": {"text": "Penicillin"}})
    tape.facts(patient("p1", "Marlowe"), stay("e1", "p1", "4W^01^A"), penicillin, topics=["adt", "allergies"])
    tape.facts(patient("p2", "Okafor"), stay("e2", "p2", "4W^02^A"))


def test_after_distrust_the_record_equals_one_without_the_forgeries(views: Views, tmp_path: Path) -> None:
    _true(views.tape)
    clean = Views(tmp_path / "clean", views.tape)
    clean.caught_up()
    _forged(views.tape)
    forged = views.caught_up()
    assert forged.chart("p1").banner.name == "OKAFOR, Ada"  # the control: without distrust the forgery works
    views.tape.say(SourceDistrusted(source="feed:EVIL", since_us=START_US, reason="stolen certificate"))
    record = views.caught_up()
    assert digest(views.store) == digest(clean.store)
    chart = record.chart("p1")
    assert chart.banner.name == "MARLOWE, Ada"
    assert chart.allergies[0].substance == "Penicillin"
    assert chart.banner.bed == "A"
    assert {row.unit for row in record.units()} == {"4W"}
    assert chart.ages == clean.record.chart("p1").ages


def test_distrust_is_visible(views: Views) -> None:
    _true(views.tape)
    _forged(views.tape)
    views.tape.say(SourceDistrusted(source="feed:EVIL", since_us=START_US))
    record = views.caught_up()
    (mark,) = record.distrusted()
    assert (mark.source, mark.entries) == ("feed:EVIL", 4)
    assert record.chart("p1").unread == 4
    assert next(feed for feed in record.feeds() if feed.feed == "EVIL").distrusted


def test_undoing_a_distrust_restores_the_digest(views: Views) -> None:
    _true(views.tape)
    _forged(views.tape)
    views.caught_up()
    before, units = digest(views.store), views.record.units()
    views.tape.say(SourceDistrusted(source="feed:EVIL", since_us=START_US))
    views.caught_up()
    assert digest(views.store) != before
    views.tape.say(SourceDistrusted(source="feed:EVIL", since_us=START_US, undo=True))
    record = views.caught_up()
    assert digest(views.store) == before
    assert record.units() == units
    assert record.distrusted() == ()
    assert record.chart("p2").unread == 0


def test_distrust_holds_what_comes_later_and_leaves_what_is_outside_its_period(views: Views) -> None:
    views.tape.facts(patient("p1", "Marlowe"))
    views.tape.say(SourceDistrusted(source="feed:EPIC", since_us=START_US + MINUTE, until_us=START_US + 3 * MINUTE))
    views.tape.facts(patient("p1", "FORGED", at=5))
    views.tape.facts(patient("p1", "FORGED", at=6))
    assert views.caught_up().chart("p1").banner.name == "MARLOWE, Ada"
    views.tape.facts(patient("p1", "Moss", at=7))
    assert views.caught_up().chart("p1").banner.name == "MOSS, Ada"


def test_a_distrusted_allergy_is_never_drawn_as_none(views: Views) -> None:
    views.tape.facts(patient("p1", "Marlowe"))
    views.tape.facts(fact("AllergyIntolerance", "a1", "p1", {"code": {"text": "Latex"}}), source="feed:EVIL")
    views.tape.facts(fact("AllergyIntolerance", "n1", "p1", {"code": {"coding": [{"code": "716186003"}]}}))
    assert views.caught_up().chart("p1").allergy_state is AllergyState.HAS
    views.tape.say(SourceDistrusted(source="feed:EVIL", since_us=START_US))
    assert views.caught_up().chart("p1").allergy_state is AllergyState.COULD_NOT_BE_READ


def test_a_rebuild_after_distrust_is_identical(views: Views) -> None:
    _true(views.tape)
    _forged(views.tape)
    views.caught_up()
    views.tape.say(SourceDistrusted(source="feed:EVIL", since_us=START_US))
    views.caught_up()
    before = digest(views.store, whole=True)
    views.fold.rebuild()
    assert digest(views.store, whole=True) == before


def test_a_merge_shows_the_absorbed_record_and_unlink_takes_it_back(views: Views) -> None:
    _true(views.tape)
    views.caught_up()
    before = digest(views.store)
    views.tape.facts(fact("Patient", "p1", "p1", {"into": "p2"}, 10, op=Op.LINK))
    record = views.caught_up()
    chart = record.chart("p1")
    assert chart.banner.patient == "p2"
    assert chart.banner.merged_from == ("MRN-p1",)
    assert chart.allergies[0].substance == "Penicillin"
    assert record.status().patients == 1
    assert record.chart("p2") == chart
    views.tape.facts(fact("Patient", "p1", "p1", {"into": "p2"}, 11, op=Op.UNLINK))
    record = views.caught_up()
    assert record.chart("p2").allergies == ()
    assert record.chart("p2").banner.merged_from == ()
    assert record.chart("p1").banner.name == "MARLOWE, Ada"
    assert record.status().patients == 2
    assert digest(views.store) != before  # the two claims are kept; what they say adds up to nothing


def test_an_unlink_that_arrives_before_its_link_still_takes_it_back(views: Views) -> None:
    _true(views.tape)
    views.tape.facts(fact("Patient", "p1", "p1", {"into": "p2"}, 11, op=Op.UNLINK))
    views.tape.facts(fact("Patient", "p1", "p1", {"into": "p2"}, 10, op=Op.LINK))
    assert views.caught_up().chart("p1").banner.patient == "p1"


def test_merges_in_a_circle_still_resolve(views: Views) -> None:
    _true(views.tape)
    views.tape.facts(fact("Patient", "p1", "p1", {"into": "p2"}, 10, op=Op.LINK))
    views.tape.facts(fact("Patient", "p2", "p2", {"into": "p1"}, 11, op=Op.LINK))
    record = views.caught_up()
    assert record.chart("p1").banner.patient == record.chart("p2").banner.patient == "p1"
    assert record.status().patients == 1


def test_an_unknown_kind_is_noted_once(views: Views) -> None:
    for _ in range(3):
        views.tape.add("board.seen", b"\x80")
    record = views.caught_up()
    assert [item.path for item in record.worklist()] == ["kind"]
    assert record.as_of().position == 2


def test_a_payload_that_is_not_its_kind_is_noted(views: Views) -> None:
    views.tape.add("config.set", b"\xff")
    assert views.caught_up().worklist()[0].reason == "the payload is no config.set"


def test_a_setting_that_cannot_be_used_changes_nothing(views: Views) -> None:
    views.tape.say(ConfigSet(key="facility.zone", value="Mars/Olympus"))
    record = views.caught_up()
    assert record.settings() == {}
    assert record.worklist()[0].reason == "facility.zone is not an IANA time zone"


def test_a_flagged_entry_stays_in_the_chart_and_is_marked(views: Views) -> None:
    views.tape.facts(patient("p1", "Marlowe"))
    views.tape.say(GuardFlagged(position=0, reason="looks encrypted", score=0.9))
    record = views.caught_up()
    assert record.chart("p1").banner.name == "MARLOWE, Ada"
    assert (record.flagged()[0].position, record.worklist()[0].position) == (0, 1)


def test_a_problem_counts_as_unread_until_a_person_decided_it(views: Views) -> None:
    problem = Problem("AL1[1]", "an allergy that names no substance", "", "p1", "AllergyIntolerance")
    views.tape.facts(patient("p1", "Marlowe"), problems=[problem])
    chart = views.caught_up().chart("p1")
    assert (chart.unread, chart.allergy_state) == (1, AllergyState.COULD_NOT_BE_READ)
    views.tape.say(WorklistDecided(item="0/AL1[1]", person="n1", decision="asked the ward"))
    record = views.caught_up()
    assert record.chart("p1").unread == 0
    assert record.worklist() == ()
    assert record.worklist(state="decided")[0].item == "0/AL1[1]"


def test_a_disk_without_room_stops_the_fold_and_loses_nothing(views: Views) -> None:
    views.tape.facts(patient("p1", "Marlowe"))
    views.caught_up()
    db = views.store.writer()
    db.execute(f"PRAGMA max_page_count={db.execute('PRAGMA page_count').get}")
    for number in range(200):
        views.tape.facts(patient(f"q{number}", "Okafor" * 40))
    with pytest.raises(CodedarkError, match="cannot be written"):
        views.fold.catch_up()
    assert views.record.as_of().position == 0
    db.execute("PRAGMA max_page_count=1000000")
    assert views.caught_up().status().patients == 201


def test_a_patient_never_heard_of_is_not_found(views: Views) -> None:
    with pytest.raises(NotFound):
        views.caught_up().chart("nobody")
