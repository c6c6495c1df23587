"""The command `codedark`: its commands, and how an error ends it.

Results on stdout, the rest on stderr. An error prints what went wrong and the next step, and ends with the exit
code of its class (docs/reference/exit-codes.md); with --json stdout ends with {"error", "message", "hint"}.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

import typer

from codedark import __version__
from codedark.cli import (
    clock,
    coverage,
    doctor,
    ehr,
    feed,
    fhir,
    importing,
    init,
    journal,
    keys,
    listen,
    pack,
    person,
    proof,
    reads,
    rebuild,
    record,
    release,
    report,
    restore,
    serve,
    station,
    status,
    translate,
    trust,
    unit,
    update,
    worklist,
)
from codedark.cli.output import Output, visible
from codedark.cli.plugins import add_plugins
from codedark.errors import CodedarkError
from codedark.node import where

_COMMANDS: dict[str, Callable[..., None]] = {
    "init": init.init,
    "serve": serve.serve,
    "listen": listen.listen,
    "import": importing.import_,
    "rebuild": rebuild.rebuild,
    "restore": restore.restore,
    "adopt": restore.adopt,
    "worklist": worklist.worklist,
    "status": status.status,
    "coverage": coverage.coverage,
    "doctor": doctor.doctor,
    "fhir": fhir.fhir,
    "clock": clock.clock,
    "translate": translate.translate,
}
_GROUPS = {
    "journal": journal.app,
    "pack": pack.app,
    "person": person.app,
    "unit": unit.app,
    "feed": feed.app,
    "trust": trust.app,
    "keys": keys.app,
    "record": record.app,
    "reads": reads.app,
    "update": update.app,
    "release": release.app,
    "report": report.app,
    "ehr": ehr.app,
    "station": station.app,
}
journal.app.command("prove")(proof.prove)
journal.app.command("roll")(proof.roll)
_FAULT_HINT = "A fault of ours; nothing that was kept is lost. Report this line (CODEDARK_TRACEBACK=1 says more)."
OWN = frozenset(_COMMANDS) | frozenset(_GROUPS)


def build(wanted: str | None = None) -> typer.Typer:
    """The whole command. `wanted`: its first argument, so that plug-ins are loaded only when they are meant."""
    app = typer.Typer(
        name="codedark",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="What a hospital works with from the call Code Dark until every record is back home.",
    )
    app.callback()(_top)
    for name, function in _COMMANDS.items():
        app.command(name)(function)
    for name, group in _GROUPS.items():
        app.add_typer(group, name=name)
    add_plugins(app, wanted, OWN)
    return app


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"codedark {__version__}")
        raise typer.Exit


def _top(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Say the version and end."),
) -> None:
    """What a hospital works with from the call Code Dark until every record is back home."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; always ends by SystemExit with a documented code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        build(given[0] if given else None)(args=given, prog_name="codedark")
    except CodedarkError as error:
        _tell(error, "--json" in given)
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except Exception as error:
        # A fault of our own. Its message may quote what it was given, so only its class and place are said.
        if os.environ.get("CODEDARK_TRACEBACK"):
            raise
        _tell(CodedarkError(f"{type(error).__name__} in {where(error)}", hint=_FAULT_HINT), "--json" in given)
        raise SystemExit(CodedarkError.exit_code) from None


def _tell(error: CodedarkError, as_json: bool) -> None:
    output = Output(as_json)
    if as_json:
        output.object({"error": error.slug, "message": str(error), "hint": error.hint})
    output.say(f"codedark: {visible(str(error))}")
    output.say(f"next: {visible(error.hint)}")
