"""`python later_node.py FOLDER SHIFT`: a whole node whose keeper lives in simulated time.

The file SHIFT says by how many seconds its clocks, wall and steady alike, are ahead of the machine's: time that has
really passed for it, not a jump.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import uvloop

from codedark.access import load_node_keys
from codedark.clock import SystemClock
from codedark.node import Config, Layout
from codedark.node.keeper import Keeper
from codedark.node.lock import NodeLock
from codedark.node.log import start_log


def later(shift: Path) -> SystemClock:
    def ns() -> int:
        return int(float(shift.read_text() or "0") * 1e9)

    return SystemClock(
        wall=lambda: time.time_ns() + ns(), steady=lambda: time.clock_gettime_ns(time.CLOCK_BOOTTIME) + ns()
    )


def main(folder: Path, shift: Path) -> None:
    layout = Layout(folder.resolve())
    with NodeLock(layout.lock):
        keeper = Keeper(layout, Config.load(folder), load_node_keys(folder), start_log("keeper"), later(shift))
        uvloop.run(keeper.run(True, None))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
