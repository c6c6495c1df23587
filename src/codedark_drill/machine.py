"""What a figure was measured on: processor, cores, kernel, Python, and how long the disk takes to keep a page."""

from __future__ import annotations

import contextlib
import os
import platform
import statistics
import subprocess
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


def peak_mib(process: int) -> int:
    """The most memory that a process had resident at once, MiB (proc(5), status: VmHWM); 0 when it is gone."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM:")), 0)


def highest_mib(child: subprocess.Popen[bytes]) -> int:
    """The highest `peak_mib` of a process and of those below it, until it ends. Looked at fifty times a second: what
    the kernel tells of an ended process (`ru_maxrss`) counts what its parent had when it was started."""
    found = 0
    while child.poll() is None:
        waiting = [child.pid]
        while waiting:
            each = waiting.pop()
            found = max(found, peak_mib(each))
            waiting += children_of(each)
        time.sleep(0.02)
    return found


def children_of(process: int) -> list[int]:
    """The processes that a process has started and that still run (Linux)."""
    with contextlib.suppress(OSError):
        return [int(p) for p in Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()]
    return []


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return platform.processor() or "unknown"
    names = [line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"
