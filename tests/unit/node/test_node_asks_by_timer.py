"""Exports that the node takes by itself: at its start, then when they are due, and never for who has no timer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from mock_ehr import Faults, MockEhr
from node_rig import running
from trust_rig import House, new_house, said

from codedark.clock import US_PER_S, SeededClock
from codedark.node import Config, Layout, open_node
from codedark.node.asking import Rounds, ask_by_timer
from codedark.node.order import Order

PATIENT: dict[str, Any] = {
    "resourceType": "Patient", "id": "p1", "meta": {"lastUpdated": "2026-11-20T06:00:00Z"},
    "name": [{"family": "Okafor"}],
}  # fmt: skip
LOG = structlog.get_logger()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return new_house(tmp_path_factory.mktemp("h") / "node")


@pytest.fixture
def ehr() -> Iterator[MockEhr]:
    with MockEhr([PATIENT], faults=Faults(pending=0)).serving() as serving:
        yield serving


def declare(house: House, url: str, minutes: int) -> Config:
    file = house.folder / "codedark.toml"
    plain = file.read_text().partition("\n[[ehr]]")[0]
    file.write_text(f'{plain}\n[[ehr]]\nname = "epic"\nurl = "{url}"\nevery_min = {minutes}\n')
    return Config.load(house.folder)


def exports(house: House) -> int:
    with open_node(house.folder) as node:
        return len(said(node, "export.taken"))


def test_one_is_taken_at_the_start_and_the_next_when_it_is_due(house: House, ehr: MockEhr) -> None:
    clock, before = SeededClock(1), exports(house)
    rounds = Rounds(Layout(house.folder), declare(house, ehr.base, 60), clock, threading.Event(), LOG)
    assert rounds.turn() == 1
    assert (rounds.turn(), exports(house)) == (0, before + 1)
    clock.advance(59 * 60 * US_PER_S)
    assert rounds.turn() == 0
    clock.advance(61 * US_PER_S)
    assert (rounds.turn(), exports(house)) == (1, before + 2)


def test_control_who_has_no_timer_is_not_asked(house: House, ehr: MockEhr) -> None:
    rounds = Rounds(Layout(house.folder), declare(house, ehr.base, 0), SeededClock(1), threading.Event(), LOG)
    assert rounds.turn() == 0


def test_an_ehr_that_does_not_answer_is_asked_again_at_its_next_time(house: House) -> None:
    clock = SeededClock(1)
    config = declare(house, "http://127.0.0.1:9/fhir", 1)
    stop = threading.Event()
    rounds = Rounds(Layout(house.folder), config, clock, stop, LOG)
    threading.Timer(0.3, stop.set).start()  # it waits for transient faults; the node's end ends the waiting
    assert rounds.turn() == 1
    stop.clear()
    clock.advance(61 * US_PER_S)
    threading.Timer(0.3, stop.set).start()
    assert rounds.turn() == 1


def test_the_role_runs_until_it_is_stopped(house: House, ehr: MockEhr) -> None:
    declare(house, ehr.base, 60)
    before, stop = exports(house), threading.Event()
    told: list[str] = []

    class Log:
        def info(self, event: str, **more: object) -> None:
            told.append(event)
            stop.set()

        def error(self, event: str, **more: object) -> None:
            told.append(f"{event} {more}")
            stop.set()

    ask_by_timer(Layout(house.folder), Order(str(house.folder)), stop, Log())  # type: ignore[arg-type]
    assert told == ["export taken"]
    assert exports(house) == before + 1


def test_a_running_node_takes_one_by_itself(house: House, ehr: MockEhr) -> None:
    declare(house, ehr.base, 60)
    before = exports(house)
    with running(house.folder) as node:
        (line,) = node.wait_for("export taken")
        assert line["process"] == "exports"
        assert node.stop() == 0
    assert exports(house) == before + 1
