"""A second process interprets ahead: the views are the same with it, without it, and when it ends early."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path

import pytest
from meanings import PV1, message
from views_tape import KEY, Tape

from codedark.entries import ConfigSet
from codedark.journal import Entry
from codedark.views import Fold, Record, ViewStore, digest
from codedark.views.ahead import Ahead

COUNT = 450


@pytest.fixture
def tape() -> Tape:
    """Settings, a few hundred messages about forty people, one of them nonsense, and one that nobody can fold."""
    said = Tape()
    said.say(ConfigSet(key="facility.id", value="anna"))
    for number in range(COUNT):
        pid = f"PID|1||{number % 40}^^^ANNA^MR||OKAFOR{number % 40}^NGOZI||19720304|F"
        obx = f"OBX|1|NM|2823-3^Potassium^LN||{3 + number % 4}.{number % 10}|mmol/L|3.5-5.1|N|||F"
        kind, more = (
            ("ADT^A08", ("EVN||20261123",)) if number % 3 else ("ORU^R01", (f"OBR|1||{number}|24323-8^BMP^LN", obx))
        )
        said.add("hl7.received", message(kind, pid, PV1, *more, control=f"C{number}") if number != 200 else b"MSH|")
    return said


class Portions:
    """A tape that gives a few hundred entries at a time."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape

    def read(self, after: int, limit: int = 10_000) -> Sequence[Entry]:
        """At most two hundred after a position."""
        return self.tape.read(after, min(limit, 200))


def folded(tape: Tape, folder: Path, *, alone: bool) -> tuple[str, str, int]:
    store = ViewStore.open(folder, KEY)
    Fold(Portions(tape), store, alone=alone).catch_up()
    try:
        return digest(store), digest(store, whole=True), Record(store).status().facts
    finally:
        store.close()


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codedark.views.fold.two_cores", lambda: True)


@pytest.mark.usefixtures("two_cores")
def test_views_are_the_same_with_a_process_beside(tape: Tape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Ahead] = []
    monkeypatch.setattr("codedark.views.fold.Ahead", lambda site: begun.append(Ahead(site)) or begun[-1])
    with_it = folded(tape, tmp_path / "a", alone=True)
    assert with_it == folded(tape, tmp_path / "b", alone=False)
    assert begun, "no process was begun: the test would hold by itself"
    assert all(each._child.returncode is not None for each in begun)


@pytest.mark.usefixtures("two_cores")
def test_a_process_that_dies_costs_nothing(tape: Tape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Dying(Ahead):
        def told(self, position: int) -> object:  # type: ignore[override]
            if position == 300:
                self._child.kill()
            return super().told(position)

    monkeypatch.setattr("codedark.views.fold.Ahead", Dying)
    assert folded(tape, tmp_path / "a", alone=True) == folded(tape, tmp_path / "b", alone=False)


@pytest.mark.usefixtures("two_cores")
def test_a_process_that_hangs_is_not_waited_for(tape: Tape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging(Ahead):
        patience_s = 0.2

        def submit(self, entries: Sequence[Entry]) -> None:
            super().submit(entries)
            self._child.send_signal(signal.SIGSTOP)

    monkeypatch.setattr("codedark.views.fold.Ahead", Hanging)
    assert folded(tape, tmp_path / "a", alone=True) == folded(tape, tmp_path / "b", alone=False)


@pytest.mark.usefixtures("two_cores")
def test_first_views_built_alone_are_seen_whole_or_not_at_all(tape: Tape, tmp_path: Path) -> None:
    class Broken(Portions):
        def read(self, after: int, limit: int = 10_000) -> Sequence[Entry]:
            if after > 250:
                raise KeyboardInterrupt
            return super().read(after, limit)

    store = ViewStore.open(tmp_path, KEY)
    with pytest.raises(KeyboardInterrupt):
        Fold(Broken(tape), store, alone=True).catch_up()
    assert [path.name for path in tmp_path.glob("*.db")] == [store.path.name]
    assert Record(store).as_of().position == -1
    store.close()


def test_views_that_were_built_are_written_ahead_again(tape: Tape, tmp_path: Path) -> None:
    """A file built without a journal of its own is an ordinary one once it is read."""
    store = ViewStore.open(tmp_path, KEY)
    Fold(Portions(tape), store, alone=True).catch_up()
    assert store.writer().execute("PRAGMA journal_mode").get == "wal"
    assert store.writer().execute("PRAGMA synchronous").get == 1
    store.close()
