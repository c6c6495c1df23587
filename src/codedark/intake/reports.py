"""The EHR's own print reports into the journal: the original bytes, and the words that the cage read in them.

Nothing here decides whose a report is. A file that the cage refuses is kept all the same and says why it is unread;
where there is no cage nothing is taken, and the files stay where they are.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from codedark.cage import TextPage
from codedark.entries import ReportPage, ReportReceived, ReportWord, draft_of
from codedark.errors import FileRefused
from codedark.intake.report import Refusal
from codedark.journal import Draft, Once, Outcome, Receipt

REPORT_BYTES = 64 << 20
SUFFIX = ".pdf"

ReadText = Callable[[bytes], Sequence[TextPage]]
"""`Cage.text`: raises `FileRefused` for a file, `NoCage` for this machine."""


@dataclass(frozen=True, slots=True)
class ReportFile:
    """One file as found. `name`: as given, kept in the sealed entry; `changed_us`: its own time, µs UTC."""

    name: str
    content: bytes = field(repr=False)
    changed_us: int


@dataclass(slots=True)
class ReportsTaken:
    """`files`: looked at; `entries`: kept now; `repeated`: there already; `unread`: kept, but the cage refused them;
    `refusals`: files that were not taken (file, 0, reason)."""

    files: int = 0
    entries: int = 0
    repeated: int = 0
    unread: int = 0
    refusals: list[Refusal] = field(default_factory=list)


def report_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The PDF files at these paths; folders are walked. Links are not followed out of a folder."""
    for path in paths:
        if path.is_dir():
            yield from sorted(each for each in path.rglob("*") if _is_report(each))
        else:
            yield path


def _is_report(path: Path) -> bool:
    return path.suffix.lower() == SUFFIX and path.is_file() and not path.is_symlink()


def read_report(path: Path) -> ReportFile:
    """A regular file's bytes and time, never what a link points to. Raises OSError, or `FileRefused` when it is larger
    than any report."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise FileRefused("not a regular file")
        if found.st_size > REPORT_BYTES:
            raise FileRefused(f"larger than {REPORT_BYTES >> 20} MiB")
        name = os.fsencode(path.name).decode("utf-8", "backslashreplace")
        return ReportFile(name, file.read(REPORT_BYTES), found.st_mtime_ns // 1000)


def take_reports(
    paths: Iterable[Path], append: Callable[[Draft], Receipt], read: ReadText, *, source: str, decoder: str,
    progress: Callable[[int], None] = lambda done: None,
) -> ReportsTaken:  # fmt: skip
    """Keep every report of these files, each once however often it is found. `source`: `import:LABEL` or `feed:NAME`.

    Raises AppendFailed, and `NoCage` before anything is kept."""
    taken = ReportsTaken()
    for path in report_files(paths):
        taken.files += 1
        try:
            draft = report_draft(read_report(path), read, source=source, decoder=decoder)
        except (OSError, FileRefused) as error:
            why = str(error) if isinstance(error, FileRefused) else "cannot be read"
            taken.refusals.append(Refusal(path.name, 0, why))
            continue
        receipt = append(draft.draft)
        taken.entries += receipt.outcome is not Outcome.SAME
        taken.repeated += receipt.outcome is Outcome.SAME
        taken.unread += draft.unread
        progress(taken.files)
    return taken


@dataclass(frozen=True, slots=True)
class ReportDraft:
    """A report ready to be kept; `unread`: the cage refused it."""

    draft: Draft
    unread: bool


def report_draft(file: ReportFile, read: ReadText, *, source: str, decoder: str) -> ReportDraft:
    """The draft of one report. The same bytes of the same source are the same report, whatever the file is called."""
    unread = ""
    pages: tuple[ReportPage, ...] = ()
    try:
        pages = tuple(map(_page, read(file.content)))
    except FileRefused as refused:
        unread = str(refused)
    payload = ReportReceived(
        file=file.name, content=file.content, file_us=file.changed_us, decoder=decoder, unread=unread, pages=pages
    )
    once = Once(f"{source}\x1freport", hashlib.sha256(file.content).hexdigest())
    return ReportDraft(draft_of(payload, source=source, once=once), bool(unread))


def _page(page: TextPage) -> ReportPage:
    words = tuple(ReportWord(word.text, word.left, word.top, word.right, word.bottom) for word in page.words)
    return ReportPage(page.width, page.height, words)
