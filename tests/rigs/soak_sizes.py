"""How often each damage is done: short in CI, full in script/soak, which sets the environment; and where a soak's
figures go.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def size(name: str, usual: int) -> int:
    """`CODEDARK_<NAME>`, or the usual size."""
    return int(os.environ.get(f"CODEDARK_{name}", str(usual)))


KILLS = size("KILLS", 20)
POWER_CUTS = size("POWER_CUTS", 200)
FLIPS = size("FLIPS", 120)
TRUNCATIONS = size("TRUNCATIONS", 15)
SWAPS = size("SWAPS", 15)
ROW_SWAPS = size("ROW_SWAPS", 20)
ROLLBACKS = size("ROLLBACKS", 10)
LOG_FLIPS = size("LOG_FLIPS", 15)
EPOCH_FLIPS = size("EPOCH_FLIPS", 40)
VIEW_FLIPS = size("VIEW_FLIPS", 60)
VIEW_SWAPS = size("VIEW_SWAPS", 20)
DISK_ERRORS = size("DISK_ERRORS", 25)
CLOCKS = size("CLOCKS", 4)
OPENED = size("OPENED", 100)
OBX_MB = size("OBX_MB", 4)


def record(what: str, **figures: Any) -> None:
    """Add a line of figures to the file `CODEDARK_SOAK_RESULTS`, when there is one."""
    if path := os.environ.get("CODEDARK_SOAK_RESULTS"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"what": what, **figures}) + "\n")


@contextmanager
def recorded(what: str) -> Iterator[dict[str, Any]]:
    """Record what is put into the dictionary, with the seconds it took; nothing when the test fails before."""
    figures: dict[str, Any] = {}
    begun = time.monotonic()
    yield figures
    record(what, **figures, seconds=round(time.monotonic() - begun, 1))
