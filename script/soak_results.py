"""Write a soak's figures, with date and machine, into docs/why/reliability.md. soak_results.py RESULTS SECONDS DAY"""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parent.parent / "docs/why/reliability.md"
BEGIN, END = "<!-- soak: written by script/soak -->", "<!-- soak: end -->"
APART = ("what", "done", "seconds")


def machine() -> str:
    """Processor, cores, memory, kernel, as the machine says of itself."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    name = names[0] if names else platform.machine()
    return f"{os.cpu_count()} × {name}, {memory:.0f} GiB, Linux {platform.release()}"


def said(value: Any) -> str:
    """One figure as it stands in the table."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {number:,}" for name, number in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)


def row(result: dict[str, Any]) -> str:
    """One line of the table."""
    figures = "; ".join(f"{name} {said(value)}" for name, value in result.items() if name not in APART)
    return f"| {result['what']} | {result.get('done', 0):,} | {figures} | {result['seconds']:.0f} s |"


def main(results: Path, seconds: int, day: str) -> None:
    """Replace the page's part between the two marks."""
    rows = [row(json.loads(line)) for line in results.read_text(encoding="utf-8").splitlines()]
    head = (
        f"`script/soak` of {day}, {machine()}, {seconds // 60} min, load {os.getloadavg()[2]:.1f}. "
        "Everything held; a control must lose or be found out."
    )
    table = ["| what was done | times | figures | took |", "|---|---|---|---|", *rows]
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text("\n".join([before + BEGIN, head, "", *table, END]) + after, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
