"""Print reports of the EHR: taken in from files and watched folders, tied to patients, drawn again by ourselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path

from codedark.access import Session
from codedark.actions import Deeds, Ties, tie_loose, tie_report
from codedark.cage import Cage
from codedark.errors import NotFound
from codedark.intake import ReportsTaken, report_files, take_reports
from codedark.journal import Draft, Receipt
from codedark.node.config import Reports
from codedark.node.console import Credentials, by_one, deeds_of
from codedark.node.opening import OpenNode

DECODER = f"pypdfium2 {metadata.version('pypdfium2')}"
PAGES = 400
"""Pages of one report file: a unit's MAR of forty patients is far below."""


def reports_cage() -> Cage:
    """The cage that report files are opened in."""
    return Cage.start(pages=PAGES)


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
    return taken, ties


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
        patient = ""
        if mrn:
            found = [banner.patient for banner in deeds.record.search(mrn, limit=50) if banner.mrn == mrn]
            if len(found) != 1:
                raise NotFound("there is no one patient with this MRN", hint="Give it as the chart does.")
            patient = found[0]
        tie_report(deeds, session, report, patient, reason)

    by_one(node, author, deed)


class WatchedFolder:
    """One folder into which the EHR prints. A file is taken when it has been the same for two looks, so that none is
    taken half written; it is left where it is."""

    def __init__(self, declared: Reports, folder: Path) -> None:
        self.name = declared.name
        self._folder = folder
        self._seen: dict[Path, tuple[int, int]] = {}
        self._done: dict[Path, tuple[int, int]] = {}

    def ripe(self) -> list[Path]:
        """Files that came, or changed, and have settled since the last look. Raises OSError when the folder is away."""
        found = {}
        for path in report_files([self._folder]):
            try:
                state = path.stat()
            except OSError:  # gone again
                continue
            found[path] = (state.st_size, state.st_mtime_ns)
        ripe = [path for path, state in found.items() if self._seen.get(path) == state != self._done.get(path)]
        self._seen = found
        self._done = {path: state for path, state in self._done.items() if path in found}
        return ripe

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
            self._done[path] = self._seen[path]
        return whole
