"""The owner's side of the typst cage: start a child, hand it values, take pages, end it.

The child is caged like the decoders of foreign files; when it does not answer in time it is killed and the pack fails
with `PackError`. Nothing is written to disk on the way.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any

import msgspec

from codedark.cage import Caged, Limits, Trade
from codedark.errors import CageError, PackError

HERE = Path(__file__).parent
TIME_LIMIT_S = 600
"""A machine that is busy in an incident may take minutes for a large unit; only what hangs is stopped."""
CPU_LIMIT_S = 241
"""Processor seconds of one job: three times what the largest pack of the demo takes."""
MEMORY_LIMIT = 4 << 30
MOST_PDF = 1 << 30


class _Drawn(msgspec.Struct):
    """What the child answers: the last physical page of each sheet, or where the template failed."""

    pages: Annotated[list[int], msgspec.Meta(max_length=100_000)] = []
    place: Annotated[str, msgspec.Meta(max_length=200)] = ""


class Press:
    """One caged typst process for one pack. Use as a context manager; `measure` and `draw` may follow each other.

    `timestamp`: seconds since 1970, the PDF's creation date. Raises PackError for every failure of the child.

    Values of ours are typeset by a template of ours, so a kernel without walls does not keep a ward from its paper:
    `doctor` says what lacks, and the pack is drawn behind what there is."""

    def __init__(self, timestamp: int, *, time_limit_s: float = TIME_LIMIT_S, memory: int = MEMORY_LIMIT) -> None:
        root, fonts = HERE / "template", HERE / "fonts"
        self._caged = Caged(
            Trade(
                "typst",
                HERE / "compositor.py",
                readable=(root, fonts),
                opens=True,
                threads=True,
                foreign=False,
                limits=Limits(
                    memory=memory,
                    job_cpu_s=min(2 * int(time_limit_s) + 1, CPU_LIMIT_S),
                    wait_s=time_limit_s,
                    jobs=2,
                    blob_bytes=MOST_PDF,
                ),
                settings={"root": str(root), "fonts": str(fonts), "timestamp": timestamp},
            )
        )

    def __enter__(self) -> Press:
        try:
            self._caged.start()
        except (CageError, OSError) as error:
            raise PackError("typst did not start") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._caged.end()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._caged.pid

    @property
    def walls(self) -> frozenset[str]:
        """The walls that stand around it."""
        return self._caged.walls

    def measure(self, data: str) -> list[int]:
        """The last physical page (from 1) of each sheet of `data`, in order."""
        return self._ask("measure", {"data": data, "pages": "[]"})[0]

    def draw(self, data: str, pages: Sequence[dict[str, str]]) -> tuple[list[int], bytes]:
        """The last physical page of each sheet as it came out, and the PDF of `data`. `pages`: for each physical page
        its text, n, of and code (SVG)."""
        return self._ask("draw", {"data": data, "pages": json.dumps(list(pages))})

    def _ask(self, job: str, inputs: dict[str, Any]) -> tuple[list[int], bytes]:
        try:
            (frame,) = list(self._caged.ask({"job": job, "inputs": inputs}))
            drawn = msgspec.json.decode(frame.head, type=_Drawn)
        except (CageError, ValueError) as error:
            raise PackError("typst stopped, or took longer than it may") from error
        if drawn.place:
            raise PackError(f"the template failed at {drawn.place}")
        return drawn.pages, bytes(frame.blob)
