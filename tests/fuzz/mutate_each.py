"""The long form: N mutations of each message type through the whole path. `script/fuzz --mutations N [TYPE …]`.

Prints one row a type and exits 1 when anything was lost or crashed.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "rigs")]

from fuzzing import SCRATCH  # noqa: E402
from mutants import mutants, through  # noqa: E402
from one_of_each import messages_of_each_type  # noqa: E402

SHOWN = 5
HEAD = (
    "type",
    "sent",
    "kept",
    "refused",
    "full",
    "part",
    "kept only",
    "worklist",
    "charts",
    "lost",
    "crashes",
    "CPU s",
)


def main() -> int:
    """Each type in a node of its own, so that what one type leaves behind is not in another's way."""
    count, *wanted = int(sys.argv[1]), *sys.argv[2:]
    seeds, failed = messages_of_each_type(), False
    print(f"| {' | '.join(HEAD)} |\n|---{'|--:' * (len(HEAD) - 1)}|")
    for kind in wanted or seeds:
        start = time.process_time()
        with tempfile.TemporaryDirectory(dir=SCRATCH) as scratch:
            got = through(Path(scratch), list(mutants(seeds[kind], count, f"{kind} long 1")))
        said = got.understood
        cells = (
            kind, got.sent, got.received, got.refused, said["full"], said["part"], said["kept"], got.worklist,
            got.charts, len(got.lost), len(got.crashed),
        )  # fmt: skip
        print(f"| {' | '.join(map(str, cells))} | {time.process_time() - start:.0f} |", flush=True)
        for what in (*got.lost[:SHOWN], *got.crashed[:SHOWN]):
            print(f"  {what}")
        failed = failed or bool(got.lost or got.crashed)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"load {os.getloadavg()[0]:.1f}, {peak} MB at most")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
