"""The node asks the EHR by itself: bulk exports of every `[[ehr]]` with `every_min`, in a process of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable

from structlog.typing import FilteringBoundLogger

from codedark.clock import US_PER_S, Clock
from codedark.ehr import ExportRequest
from codedark.errors import CodedarkError
from codedark.node.config import Config, Ehr
from codedark.node.exporting import take_export
from codedark.node.layout import Layout
from codedark.node.log import where
from codedark.node.opening import open_node
from codedark.node.order import Order
from codedark.node.timekeeping import clock_of

LOOK_S = 5.0
"""Seconds between two looks at who is due."""


class _Stopping(Exception):
    """The node ends while the EHR prepares its files: the next run goes on from there."""


def ask_by_timer(layout: Layout, order: Order, stop: threading.Event, log: FilteringBoundLogger) -> None:
    """Until `stop`: an export of each server that has a timer, at once and then every `every_min` minutes.

    What fails is logged and tried again at its next time; what was kept is kept, and nothing is kept twice. `order`
    holds no key: the node's folder is opened for each export, as the command does.
    """
    rounds = Rounds(layout, Config.load(layout.root), clock_of(layout), stop, log)
    while not stop.is_set():
        rounds.turn()
        stop.wait(LOOK_S)


class Rounds:
    """Who is due, by the steady clock: a wall clock set wrong neither floods the EHR nor keeps from it."""

    def __init__(
        self, layout: Layout, config: Config, clock: Clock, stop: threading.Event, log: FilteringBoundLogger
    ) -> None:
        self._layout, self._clock, self._stop, self._log = layout, clock, stop, log
        self._due = {ehr: clock.steady_us() for ehr in config.ehr if ehr.every_min}

    def turn(self) -> int:
        """Ask everybody who is due; how many that were."""
        asked = 0
        for ehr, due in self._due.items():
            if self._clock.steady_us() < due or self._stop.is_set():
                continue
            asked += 1
            self._ask(ehr)
            self._due[ehr] = self._clock.steady_us() + ehr.every_min * 60 * US_PER_S
        return asked

    def _ask(self, ehr: Ehr) -> None:
        request = ExportRequest(ehr.group, types=ehr.types, post=ehr.post)
        try:
            with open_node(self._layout.root) as node:
                taken = take_export(node, ehr, request, _pause_until(self._stop), lambda _: None)
            self._log.info("export taken", feed=ehr.name, count=taken.entries)
        except _Stopping:
            return
        except CodedarkError as error:
            self._log.error("export not taken", feed=ehr.name, error=error.slug, where=where(error))


def _pause_until(stop: threading.Event) -> Callable[[float], None]:
    def pause(seconds: float) -> None:
        if stop.wait(seconds):
            raise _Stopping

    return pause
