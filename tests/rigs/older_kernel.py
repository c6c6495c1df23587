"""An older kernel: filters over this process say "no such call" to seccomp(2) or Landlock, then a cage is started."""

from __future__ import annotations

import errno
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import cage_probe

from codedark.cage import Caged, Limits, Trade, filters, kernel
from codedark.errors import CageError
from codedark.node.caging import cage_finding

CALLS = {"seccomp": (kernel._SECCOMP[kernel.machine()],), "landlock": (444, 445, 446)}


def take_away(lacking: list[str]) -> None:
    """From here on, for this process and its children, the kernel lacks these."""
    program = filters._preamble(kernel.machine())
    for name in lacking:
        for number in CALLS[name]:
            program += filters._verdict(number, filters._ERRNO | errno.ENOSYS)
    kernel.no_new_privileges()
    kernel.seccomp(filters._packed([*program, (filters._RETURN, 0, 0, filters._ALLOW)]))


def main() -> None:
    """Start the probe and say what came of it, as JSON."""
    asked = json.loads(sys.argv[1])
    take_away(asked["lacking"])
    if asked.get("doctor"):
        print(json.dumps(asdict(cage_finding())))
        return
    probe = Trade("probe", Path(cage_probe.__file__), limits=Limits(memory=1 << 30, job_cpu_s=5, wait_s=20.0))
    try:
        with Caged(replace(probe, settings=asked["settings"] or {})) as caged:
            (said,) = caged.ask({"job": "try"})
            print(json.dumps({"walls": sorted(caged.walls), "outcomes": json.loads(said.head)}))
    except CageError as error:
        print(json.dumps({"refused": type(error).__name__, "says": str(error)}))


if __name__ == "__main__":
    main()
