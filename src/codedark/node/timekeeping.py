"""One belief about the time for all processes of a node, kept in `run/clock`.

The keeper writes what it believes once a minute; every other process, and the keeper's next run, holds the wall clock
against it. So a clock that stepped while nobody looked, or that came back behind after a restart, is not trusted by any
face: not by the one that did not see the step either (security.md, decision 10).
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

from codedark.clock import Anchor, SystemClock
from codedark.node.layout import Layout

_ANCHOR = struct.Struct(">16sQQQ?")
"""The file: boot id, wall µs, steady µs, latest µs believed since, whether the wall time is more than a lower bound."""


def clock_of(layout: Layout) -> SystemClock:
    """The clock of a process that works on this node's folder."""
    return SystemClock(read_anchor(layout))


def read_anchor(layout: Layout) -> Anchor | None:
    """What was believed last; None when nothing was, or it cannot be read."""
    try:
        data = layout.clock.read_bytes()
    except OSError:
        return None
    return Anchor(*_ANCHOR.unpack(data)) if len(data) == _ANCHOR.size else None


def keep_time(layout: Layout, clock: SystemClock) -> None:
    """Take over what a person said of the clock meanwhile, and write what is believed now. A full disk stops nothing:
    the file has its size already."""
    take_over(layout, clock)
    _write(layout.clock, clock.anchor())


def take_over(layout: Layout, clock: SystemClock) -> None:
    """Hold the clock against the anchor in the file: it is another one after a person said that the clock is right."""
    if (anchor := read_anchor(layout)) is not None:
        clock.hold_against(anchor)


def say_clock_is_right(layout: Layout, clock: SystemClock | None = None) -> Anchor:
    """A person looked at the clock and says that it is right now. Running processes take it over within a minute."""
    anchor = (clock or clock_of(layout)).righted()
    _write(layout.clock, anchor)
    return anchor


def _write(path: Path, anchor: Anchor) -> None:
    wall_us, seen_us = max(anchor.wall_us, 0), max(anchor.seen_us, 0)
    data = _ANCHOR.pack(anchor.boot, wall_us, anchor.steady_us, seen_us, anchor.sure)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    except OSError:
        return  # nothing can be written now: what was believed before stays, and is right as far as it goes
    try:
        os.pwrite(handle, data, 0)
    except OSError:
        return
    finally:
        os.close(handle)
