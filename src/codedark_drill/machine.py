"""What a figure was measured on: processor, cores, kernel, Python, and how long the disk takes to keep a page."""

from __future__ import annotations

import os
import platform
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

_SYNCS = 64
_PAGE = 4096


def describe(place: Path | None = None) -> dict[str, Any]:
    """This machine. `fdatasync_p50_ms`: one 4 KiB write kept on the disk of `place` (default: the temporary folder).
    `load`: processes that already wanted a core (one-minute average): anything but about 0 spoils the figures."""
    return {
        "cpu": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "fdatasync_p50_ms": fdatasync_ms(place),
        "load": round(os.getloadavg()[0], 1),
    }


def fdatasync_ms(place: Path | None = None) -> float:
    """Median milliseconds of appending 4 KiB and waiting until the disk has it."""
    took = []
    with tempfile.TemporaryFile(dir=place) as file:
        for _ in range(_SYNCS):
            begun = time.perf_counter()
            file.write(b"\0" * _PAGE)
            file.flush()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - begun) * 1000)
    return round(statistics.median(took), 3)


def processor_s(process: int) -> float:
    """Seconds of processor time that a process has used, in user and kernel mode (proc(5), stat); 0 when it is gone."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return platform.processor() or "unknown"
    names = [line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"
