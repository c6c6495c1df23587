"""`codedark journal …`: verify, export, checkpoint and pull; none of them needs a key."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from codedark.cli.exits import UNWITNESSED as UNWITNESSED_CODE
from codedark.cli.options import DEFAULT_FOLDER, Folder, Json
from codedark.cli.output import Output
from codedark.cli.progress import progress
from codedark.errors import ChainBroken, ConfigError, ForkFound, JournalError, NotFound
from codedark.journal import UNWITNESSED, JournalReader, VerifyReport
from codedark.journal import export as export_journal
from codedark.journal import verify as verify_journal
from codedark.node import Layout, pull_copy

app = typer.Typer(help="The record itself: verify, export, checkpoint, pull. No key is needed.", no_args_is_help=True)
_CheckpointFile = Annotated[
    Path | None,
    typer.Option("--checkpoint", help="A checkpoint from elsewhere (pack cover, puller, neighbour) to compare with."),
]


@app.command("verify")
def verify(folder: Folder = DEFAULT_FOLDER, checkpoint: _CheckpointFile = None, as_json: Json = False) -> None:
    """Check that nothing in the journal was changed, removed or put in between. Works beside the running node.

    Exit 0: it matches the checkpoint given. 3: self-consistent, but nothing from elsewhere was compared. 22, 23: not
    what was written.
    """
    output = Output(as_json)
    with progress(output, "verifying") as moved:
        report = verify_journal(journal_folder(folder), checkpoint_note=note_in(checkpoint), progress=moved)
    if not report.ok:
        kind = ForkFound if "checkpoint" in report.reason and report.witnessed == "" and checkpoint else ChainBroken
        raise kind(report.position, report.reason)
    output.result(
        _told(report), [f"{report.origin}", f"{report.entries} entries, root {report.root}", report.witnessed]
    )
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
    as_json: Json = False,
) -> None:
    """Copy a journal here, verify it and cosign its checkpoint with this machine's witness key. Opens no entry.

    What was pulled before must still be there unchanged: a source that was cut or rolled back is said, never followed.
    """
    output = Output(as_json)
    with progress(output, "pulling") as moved:
        report = pull_copy(journal_folder(source), copy, progress=moved)
    data = {"new": report.new, "size": report.size, "note": report.note}
    output.result(data, [f"{report.new} new entries, {report.size} in all, verified", report.note.rstrip("\n")])


def journal_folder(folder: Path) -> Path:
    """The journal of a node's folder, or the folder itself when it is a journal (a pulled copy)."""
    return Layout(folder).journal if Layout(folder).journal.is_dir() else folder


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
