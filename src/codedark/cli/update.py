"""`codedark update …`: a newer codedark from one signed file, without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from codedark.cli.exits import DIFFERS
from codedark.cli.options import DEFAULT_FOLDER, Folder, Json
from codedark.cli.output import Output, table, visible
from codedark.errors import UpdateRefused
from codedark.node import Installation, about, apply_bundle, check_bundle, tell_views
from codedark.releases import Bundle
from codedark.views import Difference

app = typer.Typer(help="A newer codedark from one signed file, without a network.", no_args_is_help=True)
_Bundle = Annotated[Path, typer.Argument(help="The bundle, one file that ends in .cdu.")]


@app.command("check")
def check(
    bundle: _Bundle,
    folder: Annotated[
        Path | None, typer.Option("--folder", "-f", envvar="CODEDARK_FOLDER", help="The node that would take it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check a bundle's signatures and whether this codedark, and the node if one is named, would take it."""
    checked = check_bundle(bundle, folder)
    told = describe(checked.bundle) | {"taken": not checked.reason, "reason": checked.reason}
    if checked.reason:
        raise UpdateRefused(checked.reason)
    Output(as_json).result(told, [*said(checked.bundle), "it would be taken"])


@app.command("apply")
def apply(
    bundle: _Bundle,
    folder: Folder = DEFAULT_FOLDER,
    prefix: Annotated[
        Path | None, typer.Option(help="The installation, with versions/ and current. Default: where this runs from.")
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(help="A kind of difference you have read and accept, such as Observation or 'card 07'."),
    ] = None,
    differences: Annotated[
        Path | None, typer.Option(help="A new file for every line that differs, one JSON array each; ids, no content.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Install a bundle beside the running version, fold a copy with it, compare, and only then switch to it.

    Exit 5: it would say something else than the running version; each difference is named and nothing was switched.
    """
    output = Output(as_json)
    done = apply_bundle(bundle, folder, Installation.here(prefix), accept or (), output.say, differences)
    told = {
        "version": done.version, "before": done.before, "switched": done.switched, "place": done.place,
        "differences": [msgspec.to_builtins(each) for each in done.differences],
    }  # fmt: skip
    output.result(told, _lines(done.version, done.switched, done.place, done.differences))
    if not done.switched:
        output.say("next: read the differences with the release notes; to switch, add --accept KIND for each of them.")
        raise typer.Exit(DIFFERS)
    output.say("next: restart the node (systemctl restart codedark); `codedark doctor` says how it is.")


@app.command("self")
def self(as_json: Json = False) -> None:
    """Say what this codedark is: version, release keys, mapping, journal formats. `apply` compares it."""
    told = about()
    Output(as_json).result(told, [f"{name}: {visible(str(value)).rstrip()}" for name, value in told.items()])


@app.command("tell")
def tell(
    upto: Annotated[int, typer.Option(help="The last entry (its place) to fold.")],
    to: Annotated[Path, typer.Option(help="The file to write; it must not be there.")],
    folder: Folder = DEFAULT_FOLDER,
    as_json: Json = False,
) -> None:
    """Fold the record anew in a folder of its own and write a hash of everything the views say, line by line."""
    count = tell_views(folder, upto, to)
    Output(as_json).result({"lines": count, "file": str(to)}, [f"{count} lines in {to}"])


def describe(bundle: Bundle) -> dict[str, Any]:
    """A bundle for programs."""
    found: dict[str, Any] = msgspec.to_builtins(bundle.manifest)
    return found | {"sha256": bundle.sha256, "signers": list(bundle.signers)}


def said(bundle: Bundle) -> list[str]:
    """A bundle for people."""
    manifest = bundle.manifest
    return [
        f"codedark {manifest.version} of {visible(manifest.made)}, replaces {', '.join(manifest.previous)}",
        f"for Python {visible(manifest.python)} on {visible(manifest.platform)}; mapping {visible(manifest.mapping)}",
        f"signed by {', '.join(bundle.signers)}; keys of generation {bundle.keyring.generation}",
        f"SHA-256 of its body {bundle.sha256}",
    ]


def _lines(version: str, switched: bool, place: int, found: list[Difference]) -> list[Any]:
    last = f"{version} is in use" if switched else f"{version} is installed, but NOT switched to"
    if not found:
        return [f"both codedarks say the same of everything up to entry {place}", last]
    names = ("kind", "before", "now", "added", "removed", "changed", "first of them")
    rows = [(d.kind, d.before, d.after, d.added, d.removed, d.changed, ", ".join(d.ids)) for d in found]
    return [
        f"up to entry {place} the new codedark says something else:",
        table(names, rows, numbers=frozenset(range(1, 6))),
        last,
    ]
