"""What a reader remembers of units and beds survives whatever cannot change them, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from views_tape import START_US, Views, fact, patient, stay

from codedark.entries import (
    ChartViewed,
    ConfigSet,
    DeedRefused,
    FeedHeard,
    LoginRefused,
    ReadingUnlogged,
    SessionClosed,
    SessionOpened,
    SourceDistrusted,
    UnitCodeUsed,
)
from codedark.errors import NotFound
from codedark.views import Record
from codedark.views.fold import QUIET

VIEWED = ChartViewed(person="p", session="s", what="chart", fold="f", position=1)
HEARD = FeedHeard(
    feed="EPIC", since_us=START_US, until_us=START_US, received=1, duplicates=0, differing=0, connects=1, refusals=0
)
QUIETLY = {
    "chart.viewed": VIEWED,
    "reading.unlogged": ReadingUnlogged(count=1, since_us=1, until_us=2),
    "session.opened": SessionOpened(session="s", person="p", basis="password"),
    "session.closed": SessionClosed(session="s"),
    "login.refused": LoginRefused(count=1),
    "deed.refused": DeedRefused(person="p", session="s", deed="d", reason="r"),
    "unit.code.used": UnitCodeUsed(unit="4W", card="c", index=1),
    "feed.heard": HEARD,
}


def peopled(views: Views) -> Record:
    views.tape.facts(patient("p1", "MARLOWE"), stay("e1", "p1", "4W^01^A"))
    views.tape.facts(patient("p2", "OKAFOR"), stay("e2", "p2", "4W^02^A"))
    return views.caught_up()


@pytest.mark.parametrize("kind", sorted(QUIET))
def test_after_an_entry_that_changes_no_bed_the_units_are_the_ones_remembered(views: Views, kind: str) -> None:
    record = peopled(views)
    before, beds = record.units(), record.census("4W")

    views.tape.say(QUIETLY[kind])
    views.caught_up()

    assert record.units() is before
    assert record.census("4W") is beds


def test_the_control_after_a_message_they_are_read_again(views: Views) -> None:
    record = peopled(views)
    before = record.units()

    views.tape.facts(patient("p3", "KIM"), stay("e3", "p3", "5E^01^A"))
    views.caught_up()

    assert record.units() is not before
    assert {row.unit for row in record.units()} == {"4W", "5E"}


def test_the_line_of_state_never_stands_still(views: Views) -> None:
    record = peopled(views)
    position = record.as_of().position

    views.tape.say(VIEWED)
    views.caught_up()

    assert record.as_of().position == position + 1


def say(views: Views, what: tuple[str, int], at: int) -> None:
    name, number = what
    tape, person = views.tape, f"p{number}"
    said: dict[str, Any] = {
        "admit": lambda: tape.facts(patient(person, f"NAME{number}", at=at), stay(f"e{number}", person, "4W^01^A", at)),
        "move": lambda: tape.facts(stay(f"e{number}", person, f"5E^0{number}^B", at)),
        "leave": lambda: tape.facts(stay(f"e{number}", person, "5E^01^B", at, status="finished")),
        "allergy": lambda: tape.facts(
            fact("AllergyIntolerance", f"a{number}", person, {"code": {"text": "Penicillin"}}, at)
        ),
        "distrust": lambda: tape.say(
            SourceDistrusted(source="feed:EPIC", since_us=START_US, until_us=None, reason="r", undo=bool(number % 2))
        ),
        "setting": lambda: tape.say(ConfigSet(key="record.old_after_s", value=60 * number + 60)),
        "view": lambda: tape.say(VIEWED),
        "heard": lambda: tape.say(HEARD),
        "refused": lambda: tape.say(LoginRefused(count=number + 1)),
        "nonsense": lambda: tape.add("hl7.received", b"no message"),
    }
    said[name]()


EVENTS = st.tuples(
    st.sampled_from(
        ["admit", "move", "leave", "allergy", "distrust", "setting", "view", "view", "heard", "refused", "nonsense"]
    ),
    st.integers(0, 4),
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events=st.lists(st.lists(EVENTS, min_size=1, max_size=3), min_size=1, max_size=12))
def test_what_is_remembered_is_what_a_fresh_reader_says(
    tmp_path_factory: pytest.TempPathFactory, events: list[list[tuple[str, int]]]
) -> None:
    views = Views(tmp_path_factory.mktemp("remembered") / "views")
    try:
        for step, batch in enumerate(events):
            for what in batch:
                say(views, what, step)
            record, fresh = views.caught_up(), Record(views.store)
            assert record.units() == fresh.units()
            for row in fresh.units():
                assert record.census(row.unit) == fresh.census(row.unit)
            assert record.settings() == fresh.settings()
    finally:
        views.store.close()


def test_within_one_moment_every_answer_is_of_one_state(views: Views) -> None:
    record = peopled(views)
    with record.at_one_moment():
        before = record.as_of().position, record.units(), record.settings()
        views.tape.facts(patient("p3", "KIM"), stay("e3", "p3", "5E^01^A"))
        views.tape.say(ConfigSet(key="record.old_after_s", value=77))
        views.caught_up()

        assert (record.as_of().position, record.units(), record.settings()) == before

    assert record.as_of().position == before[0] + 2
    assert {row.unit for row in record.units()} == {"4W", "5E"}
    assert record.settings()["record.old_after_s"] == 77


def test_a_moment_is_of_its_thread_and_ends_with_a_failure(views: Views) -> None:
    record = peopled(views)
    position = record.as_of().position
    with pytest.raises(NotFound), record.at_one_moment():
        record.chart("nobody")
    views.tape.say(VIEWED)
    views.caught_up()

    with record.at_one_moment(), record.at_one_moment():
        assert record.as_of().position == position + 1


def test_who_is_nobody_is_asked_once_in_a_moment_too(views: Views) -> None:
    record = peopled(views)

    with record.at_one_moment():
        assert [record.person("x"), record.person("x"), record.account("y"), record.session("z")] == [None] * 4
