"""`codedark journal …`: verify, export, checkpoint, pull, prove, roll. Only `verify --derived` and `--witness` need
keys."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from codedark.cli.exits import UNWITNESSED as UNWITNESSED_CODE
from codedark.cli.moments import when
from codedark.cli.options import DEFAULT_FOLDER, Folder, Json
from codedark.cli.output import Output, visible
from codedark.cli.progress import progress
from codedark.errors import ChainBroken, CodedarkError, ConfigError, ForkFound, JournalError, NotFound
from codedark.journal import UNWITNESSED, JournalReader, VerifyReport, read_checkpoint, verify_export
from codedark.journal import export as export_journal
from codedark.journal import verify as verify_journal
from codedark.node import Witnessed, check_derived, cosigned, history, journal_folder, pull_copy, witness_of

app = typer.Typer(help="The record itself: verify, prove, export, checkpoint, pull, roll.", no_args_is_help=True)
_CheckpointFile = Annotated[
    Path | None,
    typer.Option("--checkpoint", help="A checkpoint from elsewhere (pack cover, puller, neighbour) to compare with."),
]

_Derived = Annotated[
    bool,
    typer.Option("--derived", help="Also compare the table of resends with the entries; needs this node's keys."),
]
_Processes = Annotated[
    int | None,
    typer.Option(min=1, max=64, help="How many hash beside each other; by default one a core for a long journal."),
]


@app.command("verify")
def verify(
    file: Annotated[
        Path | None, typer.Argument(help="An export (.cdj) to verify instead of the node's journal.")
    ] = None,
    folder: Folder = DEFAULT_FOLDER,
    checkpoint: _CheckpointFile = None,
    witness: Annotated[
        bool, typer.Option("--witness", help="Compare with what a pinned witness last cosigned; needs the node's keys.")
    ] = False,
    witness_key: Annotated[
        str, typer.Option(help="Compare with what the witness of this public key (base64) cosigned; needs no keys.")
    ] = "",
    derived: _Derived = False,
    processes: _Processes = None,
    as_json: Json = False,
) -> None:
    """Check that nothing in the journal was changed, removed or put in between. Works beside the running node.

    Exit 0: it matches the checkpoint given. 3: self-consistent, but nothing from elsewhere was compared. 22, 23: not
    what was written.
    """
    output = Output(as_json)
    seen = _seen(folder, file or checkpoint, witness, witness_key)
    note, begun = seen.note if seen else note_in(checkpoint), time.perf_counter()
    with progress(output, "verifying") as moved:
        report = (
            verified_export(file, note)
            if file
            else verify_journal(
                journal_folder(folder), checkpoint_note=note, progress=moved, processes=processes or None
            )
        )
    seconds = time.perf_counter() - begun
    if not report.ok:
        kind = ForkFound if "checkpoint" in report.reason and report.witnessed == "" and note else ChainBroken
        raise kind(report.position, report.reason)
    told = _told(report) | {"seconds": round(seconds, 3)}
    lines = [report.origin, f"{report.entries} entries, root {report.root}", report.witnessed]
    if seen is not None:
        told["witness"] = {"name": seen.witness, "size": seen.size, "at_us": seen.at_us}
        lines.append(f"as cosigned by {visible(seen.witness)} at {when(seen.at_us)} by its clock")
    if derived and not file:
        told["duplicates"] = check_derived(folder)
        lines.append(f"{told['duplicates']} rows of the table of resends are what the entries say")
    output.result(told, lines)
    if report.witnessed == UNWITNESSED:
        output.say(
            "next: compare with a checkpoint from elsewhere: --checkpoint FILE, or `codedark journal pull` elsewhere."
        )
        raise typer.Exit(UNWITNESSED_CODE)


@app.command("export")
def export(
    to: Annotated[Path, typer.Argument(help="The file to write ('-': stdout).")],
    folder: Folder = DEFAULT_FOLDER,
    as_json: Json = False,
) -> None:
    """Write the whole journal as one file that a stranger can verify (docs/formats/journal.md)."""
    output = Output(as_json)
    with progress(output, "exporting") as moved:
        if str(to) == "-":
            if as_json:
                raise ConfigError("stdout cannot carry both the export and --json", hint="Name a file to export to.")
            export_journal(journal_folder(folder), sys.stdout.buffer, progress=moved)
            return
        entries = _written(to, lambda out: export_journal(journal_folder(folder), out, progress=moved))
    output.result({"file": str(to), "entries": entries, "bytes": to.stat().st_size}, [f"{entries} entries in {to}"])


@app.command("checkpoint")
def checkpoint(folder: Folder = DEFAULT_FOLDER, as_json: Json = False) -> None:
    """Print the newest signed tree head, to be kept somewhere else."""
    reader = JournalReader.open(journal_folder(folder))
    newest = reader.checkpoint()
    reader.close()
    if newest is None:
        raise JournalError("the journal has no checkpoint yet", hint="Try again after the first commit.")
    data = {"size": newest.size, "root": newest.root.hex(), "note": newest.note}
    Output(as_json).result(data, [newest.note.rstrip("\n")])


@app.command("pull")
def pull(
    source: Annotated[Path, typer.Argument(help="The node's folder (or its journal folder) to pull from.")],
    copy: Annotated[Path, typer.Argument(help="The folder of the copy on this machine; made when it is not there.")],
    every: Annotated[str, typer.Option(help="Go on for ever, such as every 60s or 5min.")] = "",
    whole: Annotated[
        bool, typer.Option("--whole", help="Verify source and copy from the start, not only what is new.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Copy a journal here, verify it and cosign its checkpoint with this machine's witness key. Opens no entry.

    A source that does not go on from what was pulled before (cut, rolled back, written anew) is said, never followed.
    A pull looks at what is new; every 60th, and one with --whole, at source and copy from the start.
    The cosignature is left with the source, and kept here; so is the proof of a fork, for both sides.
    """
    output, pause_s = Output(as_json), _seconds(every)
    while True:
        try:
            with progress(output, "pulling") as moved:
                report = pull_copy(source, copy, whole=whole, progress=moved)
        except CodedarkError as error:
            if not pause_s:
                raise
            output.say(f"ALARM: {visible(str(error))}")
        else:
            kept = len(history(copy))
            name, key = witness_of(copy)
            data = {
                "new": report.new, "size": report.size, "note": report.note, "cosigned": kept,
                "whole": report.whole,
                "witness": {"name": name, "key": key},
            }  # fmt: skip
            says = f"{report.new} new entries, {report.size} in all, verified; {kept} checkpoints cosigned so far"
            output.result(data, [says, report.note.rstrip("\n")])
            if kept == 1:
                output.say(f"This witness is {name}, its public key {key}")
                output.say(f"next: two people pin it on the node: codedark trust pin {name} {key} --as … --with …")
        if not pause_s:
            return
        time.sleep(pause_s)


def _seen(folder: Path, other: Path | None, witness: bool, key: str) -> Witnessed | None:
    """What a witness cosigned, when that was asked for; None says "unwitnessed". Raises ConfigError."""
    if not witness and not key:
        return None
    if other is not None:
        raise ConfigError("a witness is compared with the node's own journal, and alone", hint="Leave the other out.")
    return cosigned(folder, key)


def _seconds(every: str) -> float:
    number, unit = every.rstrip("smin"), every.lstrip("0123456789")
    if not every:
        return 0.0
    if not number.isdigit() or unit not in ("", "s", "min") or not int(number):
        raise ConfigError(f"{every!r} is no interval", hint="Write it as 60s or 5min.")
    return float(number) * (60 if unit == "min" else 1)


def verified_export(file: Path, note: str | None) -> VerifyReport:
    """The verdict about an export file, in the words of one about a folder. Raises NotFound, UnknownFormat."""
    outside = read_checkpoint(note) if note else None
    try:
        with file.open("rb") as source:
            found = verify_export(source, outside)
    except OSError as error:
        raise NotFound(f"the export {file} cannot be read: {type(error).__name__}") from error
    except (ChainBroken, ForkFound) as error:
        return VerifyReport(False, 0, "", "", error.position, error.reason)
    witnessed = f"matches checkpoint at {outside.size}" if outside else UNWITNESSED
    return VerifyReport(
        True, found.tree.size, found.tree.root().hex(), witnessed, origin=found.statement.name, counts=found.counts
    )


def note_in(path: Path | None) -> str | None:
    """The text of a checkpoint file. Raises NotFound."""
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NotFound(f"the checkpoint {path} cannot be read: {type(error).__name__}") from error


def _written(path: Path, write: Callable[[BinaryIO], int]) -> int:
    """Write beside the target and rename, so that a cut-off export never looks like a whole one."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as out:
        entries = write(out)
    part.replace(path)
    return entries


def _told(report: VerifyReport) -> dict[str, object]:
    return {
        "ok": report.ok,
        "origin": report.origin,
        "entries": report.entries,
        "root": report.root,
        "witnessed": report.witnessed,
        "counts": report.counts,
    }
