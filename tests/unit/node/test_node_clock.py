"""A clock that stepped while nobody looked: said by every command, ended by a person's word, which is an entry."""

from __future__ import annotations

from pathlib import Path

import pytest
from node_rig import codedark, message, new_node, running, say

from codedark.clock import Anchor, SystemClock
from codedark.entries import payload_of
from codedark.node import Layout, examine, open_node, right_clock, standing
from codedark.node.timekeeping import _write, clock_of

HOUR = 3_600_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What was believed an hour ago, by the steady clock, is an hour behind what the wall clock says."""
    folder, clock = new_node(tmp_path / "n"), SystemClock()
    believed = clock.now_us() - HOUR
    _write(Layout(folder).clock, Anchor(clock.boot, believed, clock.steady_us(), believed))
    return folder


def righted(folder: Path) -> list[tuple[int, bool]]:
    """(how far the clock had been from what was believed, whether the entry's own time is trusted) of each word."""
    with open_node(folder) as node:
        reader = node.reader()
        found = [e for e in reader.read(-1) if e.kind == "clock.righted"]
        reader.close()
    return [(payload_of(e).wall_us - payload_of(e).believed_us, e.header.clock_trusted) for e in found]


def test_a_step_between_two_processes_is_not_trusted_by_the_second(folder: Path) -> None:
    assert not clock_of(Layout(folder)).trusted()
    assert "NOT TRUSTED: it stepped" in codedark("clock", "-f", folder).out
    assert standing(folder)["clock"]["trusted"] is False
    assert [each.state for each in examine(folder) if each.what == "clock"] == ["red"]


def test_a_persons_word_ends_it_and_is_an_entry(folder: Path) -> None:
    assert right_clock(folder)["trusted"] is True
    ((apart, trusted),) = righted(folder)
    assert abs(apart - HOUR) < 60_000_000
    assert trusted
    assert clock_of(Layout(folder)).trusted()


def test_a_running_node_takes_the_word_over(folder: Path) -> None:
    with running(folder) as node:
        node.wait_for("clock not trusted")
        assert say(node.port, message(1)) == ["AA"]
        said = codedark("clock", "--is-right", "--json", "-f", folder)
        assert said.object["clock"]["trusted"] is True
        node.wait_for("clock trusted again")
        node.stop()
    ((_, trusted),) = righted(folder)
    assert trusted
