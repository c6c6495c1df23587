"""`codedark import`: files into the journal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from codedark.cli.options import DEFAULT_FOLDER, DryRun, Folder, Json
from codedark.cli.output import Output, table, visible
from codedark.cli.progress import progress
from codedark.errors import NotFound
from codedark.intake import ImportReport, import_files, report_files
from codedark.node import import_reports, open_node

_SHOWN = 20


def import_(
    paths: Annotated[
        list[Path], typer.Argument(help="Files or folders: FHIR NDJSON and bundles, HL7; plain, gzip, zstd.")
    ],
    folder: Folder = DEFAULT_FOLDER,
    label: Annotated[
        str, typer.Option(help="Names this import; the same label and files again continue it.")
    ] = "files",
    reports: Annotated[
        bool, typer.Option("--reports", help="They are print reports of the EHR (PDF: MAR, Kardex, census).")
    ] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take FHIR R4 and HL7 files into the journal. Run again after a stop: nothing is kept twice.

    What cannot be read is reported with file and line; all else is kept. With --reports: the EHR's own printouts,
    opened in the cage, tied to a patient when two identifiers in their text agree with the record; the others stand
    on the worklist.
    """
    for path in paths:
        if not path.exists():
            raise NotFound(f"there is no file {path}", hint="Check the path; nothing was imported.")
    output = Output(as_json)
    if dry_run:
        files = [str(each) for each in (report_files(paths) if reports else _all(paths))]
        output.result({"would_read": files}, [f"would read {visible(name)}" for name in files])
        return
    if reports:
        _take_reports(paths, folder, label, output)
        return
    with open_node(folder) as node, progress(output, "importing") as moved:
        begun = node.clock.steady_us()
        report = import_files(paths, node.pen.append_all, label=label, progress=_by_file(moved))
        kept = node.clock.steady_us()
        moved(0, 1)
        node.fold(moved)
        seconds = {"journal": (kept - begun) / 1e6, "fold": (node.clock.steady_us() - kept) / 1e6}
    output.result(_told(report) | {"seconds": seconds}, _lines(report))


def _take_reports(paths: list[Path], folder: Path, label: str, output: Output) -> None:
    with open_node(folder) as node, progress(output, "reading reports") as moved:
        total = len(list(report_files(paths)))
        taken, ties = import_reports(node, paths, label, lambda done: moved(done, total))
    told = asdict(taken) | {"tied": ties.tied, "loose": ties.loose}
    told["refusals"] = [{"file": r.file, "line": r.line, "reason": r.reason} for r in taken.refusals]
    lines: list[Any] = [
        f"{taken.files} files: {taken.entries} reports kept, {taken.repeated} were there, {taken.unread} not readable",
        f"{ties.tied} tied to a patient now, {ties.loose} on the worklist (codedark report list)",
    ]
    if taken.refusals:
        lines.append(table(("file", "line", "reason"), taken.refusals[:_SHOWN], numbers=frozenset((1,))))
    output.result(told, lines)


def _all(paths: list[Path]) -> list[Path]:
    return [each for path in paths for each in _files(path)]


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())


def _by_file(moved: Callable[[int, int], None]) -> Callable[[str, int, int], None]:
    return lambda _file, done, total: moved(done, total)


def _told(report: ImportReport) -> dict[str, Any]:
    told = asdict(report)
    told["refusals"] = [{"file": r.file, "line": r.line, "reason": r.reason} for r in report.refusals]
    return told


def _lines(report: ImportReport) -> list[Any]:
    lines: list[Any] = [
        f"{report.files} files: {report.resources} FHIR resources, {report.messages} HL7 messages",
        f"{report.entries} entries kept, {report.repeated} were there, {report.differing} differ and are flagged",
    ]
    if report.unread:
        lines.append(f"{report.unread} files are kept whole and not read: they stand on the worklist")
    if report.refusals:
        lines.append(f"{len(report.refusals)} pieces were refused:")
        lines.append(table(("file", "line", "reason"), report.refusals[:_SHOWN], numbers=frozenset((1,))))
        if len(report.refusals) > _SHOWN:
            lines.append(f"… and {len(report.refusals) - _SHOWN} more; all of them with --json")
    return lines
