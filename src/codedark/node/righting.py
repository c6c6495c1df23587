"""A person's word that the clock is right: taken over by every process of the node, and then an entry."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from codedark.entries import ClockRighted, draft_of
from codedark.journal import DoorClient
from codedark.node.layout import Layout
from codedark.node.lock import held
from codedark.node.opening import open_node
from codedark.node.reporting import standing
from codedark.node.timekeeping import clock_of, say_clock_is_right

_TAKEN_OVER_S = 20.0


def right_clock(folder: Path) -> dict[str, Any]:
    """Say that the clock is right; the `clock` of `standing` afterwards.

    Raises `ConfigError`, `Locked`; `AppendFailed` when the word could not be made an entry: it holds all the same.
    """
    before = standing(folder)["clock"]
    layout = Layout(folder)
    believed_us = clock_of(layout).believed_us()
    anchor = say_clock_is_right(layout)
    if held(layout.lock):
        _wait_for_keeper(layout)
    said = ClockRighted(wall_us=anchor.wall_us, believed_us=believed_us, reason=before["reason"])
    with open_node(folder) as node:
        node.append(draft_of(said, source="node"))
        node.fold()
    after: dict[str, Any] = standing(folder)["clock"]
    return after


def _wait_for_keeper(layout: Layout) -> None:
    """Until entries are dated by a trusted clock; not for ever, because one behind the newest entry never is."""
    door, until = DoorClient(layout.door), time.monotonic() + _TAKEN_OVER_S
    try:
        while not door.status().get("clock_trusted", True) and time.monotonic() < until:
            time.sleep(0.1)
    finally:
        door.close()
