"""Nodes made, fed, copied and restored inside the test's own process, with two administrators."""

from __future__ import annotations

import functools
import io
import os
import shutil
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from node_rig import ENVIRONMENT, Done, message

from codedark.cli import main
from codedark.clock import SystemChance, SystemClock
from codedark.entries import Payload, payload_of
from codedark.journal import Draft
from codedark.node import (
    Config,
    Facility,
    Feed,
    Node,
    OpenNode,
    RestoreRequest,
    Web,
    enrol,
    enrol_first,
    found,
    open_node,
    pull_copy,
    restore,
)

_KEPT = tempfile.TemporaryDirectory(prefix="trust-rig-")
PASSWORD = "four unrelated words here"
ADA, BEN = ("ada", PASSWORD), ("ben", PASSWORD)


@dataclass(frozen=True)
class House:
    """A node's folder and the five cards of its root."""

    folder: Path
    cards: tuple[str, ...]

    def hear(self, *numbers: int, feed: str = "ehr", unit: str = "4W") -> None:
        """Admissions by a feed."""
        with open_node(self.folder) as node:
            hear(node, *numbers, feed=feed, unit=unit)

    def restored(self, copy: Path, new: Path) -> House:
        """Pulled into `copy`, then restored from it into `new`."""
        pull_copy(self.folder, copy)
        restore(new, RestoreRequest((copy,), self.cards[1:4]), SystemClock(), SystemChance())
        return House(new, self.cards)


def codedark(*arguments: str | Path, stdin: str = "") -> Done:
    """Run one command to its end inside this process: what it says, without the cost of starting Python."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    before, sys.stdin = sys.stdin, io.StringIO(stdin)
    code: object = 0
    try:
        with mock.patch.dict(os.environ, ENVIRONMENT), redirect_stdout(out), redirect_stderr(err):
            main([str(each) for each in arguments])
    except SystemExit as end:
        code = end.code
    finally:
        sys.stdin = before
    said, remarks = (stream.buffer.getvalue().decode() for stream in (out, err))  # type: ignore[attr-defined]
    return Done(code if isinstance(code, int) else int(code is not None), said, remarks)


def hear(node: OpenNode, *numbers: int, feed: str = "ehr", unit: str = "4W") -> None:
    node.pen.append_all([Draft("hl7.received", 1, f"feed:{feed}", message(number, unit)) for number in numbers])


def said(node: OpenNode, kind: str) -> list[Payload | bytes]:
    """The payloads of a kind in the whole record, in order."""
    reader, found, after = node.reader(), list[Payload | bytes](), -1
    while batch := reader.read(after):
        found += [payload_of(entry) for entry in batch if entry.kind == kind]
        after = batch[-1].position
    reader.close()
    return found


def new_house(folder: Path, *, people: bool = False) -> House:
    """A founded node with one feed; with `people`, two administrators `ada` and `ben`. One is made, others are copies
    of it: what they share is their beginning."""
    made = _template(people)
    shutil.copytree(made.folder, folder)
    return House(folder, made.cards)


@functools.cache
def _template(people: bool) -> House:
    folder = Path(_KEPT.name) / ("people" if people else "nobody")
    config = Config(
        facility=Facility("waterbury", "Waterbury", "America/New_York", "WTB"), node=Node(demo=True),
        web=Web(port=1), feed=(Feed("ehr", 0, carries=("adt",)),),
    )  # fmt: skip
    made = House(folder, found(folder, config, SystemClock(), SystemChance()).cards)
    if people:
        enrol_first(folder, *ADA)
        with open_node(folder) as node:
            enrol(node, "ben", "Ben Second", PASSWORD, {"administrator": ["*"]}, ADA, None)
    return made
