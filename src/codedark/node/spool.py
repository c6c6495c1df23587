"""Print jobs: a pack on its way to one of the declared printers, and what became of it.

A job is never sent twice by itself: half of a pack may have come out before the printer failed, and two live MARs of
one patient are worse than none. What failed says why and waits for a person. The PDF lies sealed under a key derived
from the views' key; a job's facts name a unit and a printer, nobody else.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from codedark.access import Session, write_whole
from codedark.actions import Deeds, open_pack, sheets_printed
from codedark.errors import CodedarkError, NotFound, PackError
from codedark.node.opening import OpenNode
from codedark.node.packing import Drawn
from codedark.paper import Printer, send

MOST_JOBS = 100
"""So many are remembered; of older ones nothing is left here. The ledger has them all."""
_WAIT_US = 300 * 1_000_000
_DIED = "the node stopped while it was printed: look at what came out before you print again"
_NO_PRINTER = "codedark.toml declares no such printer any more"
_NOT_YET = "the record has not read these sheets in its own ledger yet, so a copy could not be told from the first"
_LOST = "its pages can be read here no more: issue a new pack"


class PrintJob(msgspec.Struct, frozen=True, kw_only=True):
    """One way of one pack to paper. `at_us`: when it was asked for, µs UTC; `by`: who asked; `copy`: 1 for the first
    print of these sheets; `draft`: they are in no ledger; `why`: of a failure."""

    id: str
    unit: str
    pack: str
    pages: int
    printer: str
    by: str
    at_us: int
    copy: int = 1
    draft: bool = False
    state: Literal["waiting", "sending", "sent", "failed"] = "waiting"
    why: str = ""


@dataclass(frozen=True, slots=True)
class Spool:
    """The folder of print jobs, for every process of the node. `printers`: as declared; `root`: the node's folder."""

    folder: Path
    seal: AESSIV
    printers: Mapping[str, Printer]
    root: Path

    @classmethod
    def of(cls, root: Path, views_key: bytes, printers: tuple[Printer, ...]) -> Spool:
        """The spool of a node."""
        key = hmac.digest(views_key, b"codedark print jobs v1", hashlib.sha512)
        return cls(root / "spool", AESSIV(key), {each.name: each for each in printers}, root)

    def add(self, drawn: Drawn, printer: str, by: str, now_us: int) -> PrintJob:
        """Keep a drawn pack for a printer, whole, before anything is sent. Raises PackError, NotFound."""
        if printer not in self.printers:
            raise NotFound("no printer has that name", hint="The printers stand in codedark.toml.")
        job = PrintJob(
            id=drawn.pack[:16],
            unit=drawn.unit,
            pack=drawn.pack,
            pages=drawn.pages,
            printer=printer,
            by=by,
            at_us=now_us,
            draft=drawn.draft,
        )
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            write_whole(self.folder / f"{job.id}.pages", self.seal.encrypt(drawn.pdf, [job.id.encode()]))
            self._keep(job)
        except OSError as error:
            raise PackError(f"the print job could not be kept: {error.strerror}") from error
        for old in self.jobs()[MOST_JOBS:]:
            if old.state in ("sent", "failed"):
                for part in ("job", "pages"):
                    (self.folder / f"{old.id}.{part}").unlink(missing_ok=True)
        return job

    def jobs(self) -> list[PrintJob]:
        """Newest first. One that cannot be read is left out."""
        found = (self._read(path) for path in self.folder.glob("*.job")) if self.folder.is_dir() else ()
        return sorted((job for job in found if job is not None), key=lambda job: (-job.at_us, job.id))

    def free(self, id_: str, printer: str) -> PrintJob:
        """The job, if it may go out again on this printer. Raises NotFound, and PackError while it is on its way."""
        job = self._one(id_)
        if printer not in self.printers:
            raise NotFound("no printer has that name", hint="The printers stand in codedark.toml.")
        if job.state in ("waiting", "sending"):
            raise PackError("this job is on its way already", hint="Wait until it is sent or has failed.")
        return job

    def again(self, id_: str, printer: str, by: str, now_us: int, copy: int) -> PrintJob:
        """The same pages once more, on this printer. Raises NotFound, and PackError while it is on its way."""
        job = self.free(id_, printer)
        new = msgspec.structs.replace(job, printer=printer, by=by, at_us=now_us, copy=copy, state="waiting", why="")
        self._keep(new)
        return new

    def send(self, job: PrintJob) -> PrintJob:
        """Send one job now; what became of it. It never raises for what a printer does."""
        self._keep(msgspec.structs.replace(job, state="sending"))
        done = self._sent(job)
        self._keep(done)
        return done

    def round(self) -> int:
        """Send what waits, if nobody else is at it; how many were sent or failed. What was on its way when a process
        died has failed: nobody knows how much of it came out."""
        with self._alone() as mine:
            if not mine:
                return 0
            for job in self.jobs():
                if job.state == "sending":
                    self._keep(msgspec.structs.replace(job, state="failed", why=_DIED))
            waiting = [job for job in self.jobs() if job.state == "waiting"]
            for job in reversed(waiting):
                self.send(job)
            return len(waiting)

    def _sent(self, job: PrintJob) -> PrintJob:
        printer, why = self.printers.get(job.printer), ""
        if printer is None:
            return msgspec.structs.replace(job, state="failed", why=_NO_PRINTER)
        try:
            pdf = self.seal.decrypt((self.folder / f"{job.id}.pages").read_bytes(), [job.id.encode()])
            send(printer, pdf, f"{job.id}-{job.copy}", self.root)
        except (InvalidTag, OSError, ValueError):
            why = _LOST
        except CodedarkError as error:
            why = str(error)
        return msgspec.structs.replace(job, state="failed" if why else "sent", why=why)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[bool]:
        if not self.folder.is_dir():
            yield False
            return
        handle = os.open(self.folder / "lock", os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield True
        except BlockingIOError:
            yield False
        finally:
            os.close(handle)

    def _one(self, id_: str) -> PrintJob:
        found = next((job for job in self.jobs() if job.id == id_), None)
        if found is None:
            raise NotFound("there is no such print job", hint="Issue a new pack.")
        return found

    def _read(self, path: Path) -> PrintJob | None:
        try:
            return msgspec.json.decode(path.read_bytes(), type=PrintJob)
        except (OSError, ValueError):
            return None

    def _keep(self, job: PrintJob) -> None:
        write_whole(self.folder / f"{job.id}.job", msgspec.json.encode(job))


def print_now(node: OpenNode, drawn: Sequence[Drawn], printer: str) -> list[PrintJob]:
    """Send packs that were just drawn, from the console, and wait: what became of each. Raises PackError, NotFound."""
    spool = Spool.of(node.layout.root, node.keys.views_key, node.config.printer)
    asked = [spool.add(each, printer, "the node's console", node.clock.now_us()) for each in drawn]
    wanted, until_us = {job.id for job in asked}, node.clock.steady_us() + _WAIT_US
    while True:
        spool.round()
        found = [job for job in spool.jobs() if job.id in wanted]
        if all(job.state in ("sent", "failed") for job in found) or node.clock.steady_us() > until_us:
            return found
        time.sleep(0.2)  # the running node has taken it


@dataclass(frozen=True, slots=True)
class PrintRoomDesk:
    """What the pages ask of the printers: issue a unit onto one, list the jobs, print one again."""

    spool: Spool
    issue: Callable[[Deeds, Session, str, str], Drawn]
    """(deeds, session, unit, paper): its pack, issued and kept."""

    def names(self) -> tuple[str, ...]:
        """The declared printers."""
        return tuple(self.spool.printers)

    def jobs(self) -> list[PrintJob]:
        """Newest first."""
        return self.spool.jobs()

    def put(self, deeds: Deeds, session: Session, unit: str, paper: str, printer: str) -> None:
        """Issue the unit's pack and send it. Raises PackError, NotFound, ActionRefused, AppendFailed."""
        if printer not in self.spool.printers:
            raise NotFound("no printer has that name")
        self.spool.add(self.issue(deeds, session, unit, paper), printer, session.name, deeds.clock.now_us())

    def again(self, deeds: Deeds, session: Session, job: str, printer: str) -> None:
        """The same sheets a second time: the ledger is told of the copy first. Raises like `put`."""
        found = self.spool.free(job, printer)
        open_pack(deeds, session, found.unit)
        rows = [each for each in deeds.record.sheets(found.unit) if each.pack == found.pack]
        if not rows and not found.draft:
            raise PackError(_NOT_YET, hint="Issue a new pack, or try again when the record has caught up.")
        copy = max((each.copy for each in rows), default=0) + 1
        first = {(each.sheet, each.page): each for each in rows if each.copy == 1}
        sheets = [[each.sheet, each.patient, each.form, each.page, each.pages] for each in first.values()]
        if sheets:
            sheets_printed(deeds, session, unit=found.unit, pack=found.pack, copy=copy, sheets=sheets)
        self.spool.again(job, printer, session.name, deeds.clock.now_us(), max(copy, found.copy + 1))
