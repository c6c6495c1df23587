"""Print reports of the EHR: taken in from files and watched folders, tied to patients, drawn again by ourselves."""

from __future__ import annotations

import contextlib
import hmac
import os
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path

from codedark.access import Session
from codedark.actions import Deeds, Ties, tie_loose, tie_report
from codedark.cage import Cage
from codedark.clock import Chance, Clock
from codedark.errors import NotFound
from codedark.intake import ReportsTaken, report_files, take_reports
from codedark.journal import Draft, Receipt
from codedark.node.config import Config, Reports
from codedark.node.console import Credentials, by_one, deeds_of
from codedark.node.layout import Layout
from codedark.node.opening import OpenNode
from codedark.node.prints import PrintRoom, PrintShelf, reports_cage
from codedark.views import Record, ViewStore

TIE_S = 60
"""Seconds after which loose reports are tried again: who was admitted since may be the one."""
DECODER = f"pypdfium2 {metadata.version('pypdfium2')}"


def import_reports(
    node: OpenNode, paths: Iterable[Path], label: str, progress: Callable[[int], None]
) -> tuple[ReportsTaken, Ties]:
    """Take reports in by hand, then tie what the record can tell. Raises `NoCage`, AppendFailed."""
    with reports_cage() as cage:
        taken = take_reports(
            paths, node.append, cage.text, source=f"import:{label}", decoder=DECODER, progress=progress
        )
    ties = tie_loose(deeds_of(node))
    node.fold()
    if not node.running:
        lay_prints(node)
    return taken, ties


def lay_prints(node: OpenNode) -> int:
    """Draw the print reports that lack, where no running node does; how many. Raises `NoCage`."""
    reader, shelf = node.reader(), PrintShelf(node.layout.prints, node.keys.views_key)
    try:
        with reports_cage() as cage:
            return PrintRoom(shelf, cage).lay_ready(node.record(), reader)
    finally:
        reader.close()


def loose_reports(node: OpenNode) -> list[dict[str, object]]:
    """Reports that are tied to nobody, and why: nothing of what they say of a patient."""
    fits = "no patient fits, or several"
    return [
        {"report": each.id, "item": each.item, "source": each.source, "why": each.problem or fits}
        for each in deeds_of(node).record.loose_reports()
    ]


def tie_by_hand(node: OpenNode, author: Credentials, report: str, mrn: str, reason: str) -> None:
    """A person ties a report to the patient with this MRN; "" takes it from whomever it was tied to.

    Raises ActionRefused, NotFound."""

    def deed(deeds: Deeds, session: Session) -> None:
        """Find the one patient, and record whose it is."""
        patient = ""
        if mrn:
            found = [banner.patient for banner in deeds.record.search(mrn, limit=50) if banner.mrn == mrn]
            if len(found) != 1:
                raise NotFound("there is no one patient with this MRN", hint="Give it as the chart does.")
            patient = found[0]
        tie_report(deeds, session, report, patient, reason)

    by_one(node, author, deed)


class TakenMarks:
    """Which files were taken, so that a start does not open thousands again: keyed hashes in a file of `run/`, because
    the name of a file may name a patient. Without the file, or with another key or chain, they are opened again, and
    the journal keeps none twice."""

    def __init__(self, path: Path, key: bytes, origin: str) -> None:
        self._path, self._key = path, hmac.digest(key, f"codedark reports taken {origin}".encode(), "sha256")
        try:
            text = path.read_text("ascii")
        except (OSError, ValueError):
            text = ""
        self._marks = set(text.split())

    def __contains__(self, file: tuple[str, Path, int, int]) -> bool:
        return self._mark(file) in self._marks

    def add(self, file: tuple[str, Path, int, int]) -> None:
        """Remember a file: source, path, size, time. What cannot be written is forgotten by the next start."""
        mark = self._mark(file)
        self._marks.add(mark)
        with contextlib.suppress(OSError):
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as out:
                out.write(f"{mark}\n")

    def _mark(self, file: tuple[str, Path, int, int]) -> str:
        name, path, size, changed = file
        words = b"\0".join((name.encode(), os.fsencode(path), b"%d" % size, b"%d" % changed))
        return hmac.digest(self._key, words, "sha256")[:16].hex()


class WatchedFolder:
    """One folder into which the EHR prints. A file is taken when it has been the same for two looks, so that none is
    taken half written; it is left where it is."""

    def __init__(self, declared: Reports, folder: Path, taken: TakenMarks) -> None:
        self.name = declared.name
        self._folder, self._taken = folder, taken
        self._seen: dict[Path, tuple[int, int]] = {}

    def ripe(self) -> list[Path]:
        """Files that came, or changed, and have settled since the last look. Raises OSError when the folder is away."""
        found = {}
        for path in report_files([self._folder]):
            try:
                state = path.stat()
            except OSError:  # gone again
                continue
            found[path] = (state.st_size, state.st_mtime_ns)
        settled = [(path, state) for path, state in found.items() if self._seen.get(path) == state]
        self._seen = found
        return [path for path, state in settled if (self.name, path, *state) not in self._taken]

    def take(self, paths: Iterable[Path], append: Callable[[Draft], Receipt], cage: Cage) -> ReportsTaken:
        """Take these in as the feed of this name. Raises `NoCage`, AppendFailed: then they are tried again."""
        whole = ReportsTaken()
        for path in paths:
            taken = take_reports([path], append, cage.text, source=f"feed:{self.name}", decoder=DECODER)
            whole.files += taken.files
            whole.entries += taken.entries
            whole.repeated += taken.repeated
            whole.unread += taken.unread
            whole.refusals += taken.refusals
            self._taken.add((self.name, path, *self._seen[path]))
        return whole


class ReportRounds:
    """What the keeper does about reports: look into the watched folders, tie what the record can tell by now."""

    def __init__(
        self, layout: Layout, config: Config, views_key: Callable[[], bytes], append: Callable[[Draft], Receipt],
        clock: Clock, chance: Chance, origin: str,
    ) -> None:  # fmt: skip
        taken = TakenMarks(layout.reports_taken, views_key(), origin)
        self.folders = [WatchedFolder(each, layout.root / each.folder, taken) for each in config.reports]
        self.every_s = min((each.every_s for each in config.reports), default=TIE_S)
        self._layout, self._views_key = layout, views_key
        self._append, self._clock, self._chance = append, clock, chance
        self._tied_us = clock.steady_us()

    def look(self, folder: WatchedFolder) -> ReportsTaken:
        """One look into one folder. Raises OSError when it is away, `NoCage`, AppendFailed."""
        ripe = folder.ripe()
        if not ripe:
            return ReportsTaken()
        with reports_cage() as cage:
            return folder.take(ripe, self._append, cage)

    def tie(self, *, now: bool) -> Ties:
        """Tie what fits: `now`, or when a minute has passed since the last time. Raises CodedarkError."""
        if not now and self._clock.steady_us() - self._tied_us < TIE_S * 1_000_000:
            return Ties(0, 0)
        self._tied_us = self._clock.steady_us()
        store = ViewStore.open(self._layout.views, self._views_key(), readonly=True)
        try:
            record = Record(store)
            return tie_loose(Deeds(append=self._append, record=record, clock=self._clock, chance=self._chance))
        finally:
            store.close()
