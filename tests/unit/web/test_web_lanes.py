"""Fair lanes: however many one asks for, everybody else gets a turn."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from codedark.web.lanes import Crowded, FairLane, Width


class Work:
    """Work that waits until it is let go, and remembers in which order it was done."""

    def __init__(self) -> None:
        self.gate, self.done, self.begun = threading.Event(), [], threading.Event()

    def __call__(self, who: str) -> None:
        self.begun.set()
        self.gate.wait()
        self.done.append(who)


def held(width: Width, asks: Callable[[FairLane, Work], Coroutine[Any, Any, list[asyncio.Task[None]]]]) -> list[str]:
    """Who was served in which order when all of `asks` stood there before anybody was let go."""
    work = Work()

    async def play() -> None:
        lane = FairLane("test", width)
        first = asyncio.create_task(lane.run("first", work, "first"))
        await asyncio.to_thread(work.begun.wait)
        tasks = await asks(lane, work)
        work.gate.set()
        await asyncio.gather(first, *tasks, return_exceptions=True)
        lane.close()

    asyncio.run(play())
    return work.done


async def standing(lane: FairLane, work: Work, *names: str) -> list[asyncio.Task[None]]:
    tasks = []
    for name in names:
        tasks.append(asyncio.create_task(lane.run(name, work, name)))
        await asyncio.sleep(0)
    return tasks


def test_a_newcomer_waits_behind_one_of_each_other_line_only() -> None:
    order = held(
        Width(threads=1, waiting=500, each=100),
        lambda lane, work: standing(lane, work, *["flood"] * 100, *["other"] * 20, "nurse"),
    )

    assert order.index("nurse") == 3
    assert len(order) == 122


def test_the_control_one_line_for_all_lets_her_wait_behind_everybody() -> None:
    def one_line(lane: FairLane, work: Work) -> Coroutine[Any, Any, list[asyncio.Task[None]]]:
        async def ask() -> list[asyncio.Task[None]]:
            names = [*["flood"] * 100, "nurse"]
            tasks = []
            for name in names:
                tasks.append(asyncio.create_task(lane.run("everybody", work, name)))
                await asyncio.sleep(0)
            return tasks

        return ask()

    order = held(Width(threads=1, waiting=500, each=500), one_line)

    assert order.index("nurse") == 101


def test_who_asks_too_much_is_refused_at_once_and_nothing_is_done() -> None:
    order = held(
        Width(threads=1, waiting=500, each=2), lambda lane, work: standing(lane, work, *["flood"] * 10, "nurse")
    )

    assert sorted(order) == ["first", "flood", "flood", "nurse"]


def test_in_a_full_lane_a_newcomer_takes_the_last_place_of_whoever_holds_most() -> None:
    order = held(Width(threads=1, waiting=4, each=4), lambda lane, work: standing(lane, work, *["flood"] * 4, "nurse"))

    assert sorted(order) == ["first", "flood", "flood", "flood", "nurse"]


def test_in_a_lane_full_of_single_ones_a_newcomer_is_refused() -> None:
    order = held(Width(threads=1, waiting=3, each=4), lambda lane, work: standing(lane, work, "a", "b", "c", "nurse"))

    assert sorted(order) == ["a", "b", "c", "first"]


def test_whoever_leaves_the_line_gives_the_turn_to_the_next() -> None:
    async def asks(lane: FairLane, work: Work) -> list[asyncio.Task[None]]:
        tasks = await standing(lane, work, "gone", "nurse")
        tasks[0].cancel()
        await asyncio.sleep(0)
        return tasks

    assert held(Width(threads=1, waiting=5, each=5), asks) == ["first", "nurse"]


def test_a_lane_that_closes_lets_go_of_everybody_who_waits() -> None:
    work = Work()

    async def play() -> list[object]:
        lane = FairLane("test", Width(threads=1, waiting=5, each=5))
        first = asyncio.create_task(lane.run("first", work, "first"))
        await asyncio.to_thread(work.begun.wait)
        tasks = await standing(lane, work, "a", "a", "b")
        lane.close()
        work.gate.set()
        return await asyncio.gather(first, *tasks, return_exceptions=True)

    said = asyncio.run(play())

    assert said[0] is None
    assert [type(one) for one in said[1:]] == [Crowded, Crowded, Crowded]


def test_work_that_fails_gives_its_place_back() -> None:
    async def play() -> int:
        lane = FairLane("test", Width(threads=1, waiting=1, each=1))
        for _ in range(5):
            with pytest.raises(ZeroDivisionError):
                await lane.run("one", lambda: 1 // 0)
        return await lane.run("one", lambda: 7)

    assert asyncio.run(play()) == 7
