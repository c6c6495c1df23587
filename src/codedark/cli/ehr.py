"""`codedark ehr …`: the EHR's FHIR server, asked by us."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import Annotated, Any

import typer

from codedark.cli.options import DEFAULT_FOLDER, DryRun, Folder, Json
from codedark.cli.output import Output, table, visible
from codedark.clock import SystemChance
from codedark.ehr import ExportRequest
from codedark.errors import EhrSilent, Locked
from codedark.node import (
    Config,
    Ehr,
    Exported,
    Followed,
    Layout,
    clock_of,
    declared,
    ehr_key,
    ehr_server,
    export_states,
    follow,
    open_node,
    take_export,
)

app = typer.Typer(help="The EHR's FHIR server: bulk exports, and what changes after them.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The [[ehr]] of codedark.toml.")]
_SHOWN = 20


@app.command("list")
def list_(folder: Folder = DEFAULT_FOLDER, as_json: Json = False) -> None:
    """List the declared servers, and as of when everything of each is here."""
    states = export_states(Layout(folder), Config.load(folder))
    rows = [(each.ehr, each.as_of or "never", "begun, not ended" if each.under_way else "") for each in states]
    shown = table(("ehr", "here as of", "export"), rows) if rows else "codedark.toml declares no [[ehr]]"
    Output(as_json).result({"ehr": [asdict(each) for each in states]}, [shown])


@app.command("key")
def key(name: Name, folder: Folder = DEFAULT_FOLDER, as_json: Json = False) -> None:
    """Print the public key set (JWKS) to give to the EHR's people; the private key is made when there is none."""
    told = ehr_key(folder, declared(Config.load(folder), name))
    Output(as_json).result(told, [json.dumps(told, indent=2)])


@app.command("check")
def check(name: Name, folder: Folder = DEFAULT_FOLDER, as_json: Json = False) -> None:
    """Ask the server which FHIR it speaks, and for a token; nothing of a patient is asked for."""
    layout, ehr = Layout(folder), declared(Config.load(folder), name)
    server = ehr_server(layout, ehr, clock_of(layout), SystemChance(), time.sleep)
    told = {"ehr": name, "fhir": server.version(), "token": bool(ehr.client_id)}
    word = "and gave us a token" if told["token"] else "and asks nobody who they are"
    Output(as_json).result(told, [f"{name} speaks FHIR {visible(str(told['fhir']))} {word}"])


@app.command("export")
def export(
    name: Name,
    folder: Folder = DEFAULT_FOLDER,
    full: Annotated[bool, typer.Option("--full", help="Everything, not only what changed since the last one.")] = False,
    since: Annotated[str, typer.Option(help="Only what changed after this instant (2026-11-24T06:00:00Z).")] = "",
    until: Annotated[str, typer.Option(help="Only what changed before this instant.")] = "",
    types: Annotated[list[str] | None, typer.Option("--type", help="Resource types instead of the declared.")] = None,
    type_filters: Annotated[
        list[str] | None, typer.Option("--type-filter", help="A FHIR query, such as Observation?category=laboratory.")
    ] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take a bulk export ($export) into the journal: what changed since the last one, deletions too.

    Run it again after a stop: it goes on where it was, and nothing is kept twice. Nothing is written to disk unsealed.
    """
    output, ehr = Output(as_json), declared(Config.load(folder), name)
    request = ExportRequest(
        ehr.group, since, until, tuple(types or ehr.types), tuple(type_filters or ()), ehr.post
    )  # fmt: skip
    request.check()
    if dry_run:
        told = {"method": "POST" if request.post else "GET", "path": request.path, "asked": request.parameters()}
        output.result(
            told, [f"would ask {name}: {told['method']} {request.path}", table(("name", "value"), told["asked"])]
        )
        return
    with open_node(folder) as node:
        begun = node.clock.steady_us()
        taken = take_export(node, ehr, request, time.sleep, output.say, full=full)
        node.fold()
        seconds = (node.clock.steady_us() - begun) / 1e6
    output.result(_told(taken) | {"seconds": seconds}, _lines(taken, ehr))


@app.command("follow")
def follow_(
    name: Name,
    folder: Folder = DEFAULT_FOLDER,
    once: Annotated[bool, typer.Option("--once", help="One round, then end; for a timer.")] = False,
    every: Annotated[int, typer.Option(help="Seconds between two rounds.", min=1, max=86_400)] = 60,
    as_json: Json = False,
) -> None:
    """Take what changes after a bulk export: the events of a subscription, or the history. Runs until it is stopped.

    Events are counted by their numbers; where one is missing, the history stands in for it, and that is said. A server
    that is silent, or an export that is under way, is said and waited for; with --once it ends the command.
    """
    output, ehr = Output(as_json), declared(Config.load(folder), name)
    while True:
        try:
            with open_node(folder) as node:
                round_ = follow(node, ehr, time.sleep)
                node.fold()
        except (EhrSilent, Locked) as error:
            if once:
                raise
            output.say(f"{name}: {error}; asked again in {every} s")
            time.sleep(every)
            continue
        told = asdict(round_) | {
            "refusals": [{"file": r.file, "line": r.line, "reason": r.reason} for r in round_.refusals]
        }
        if once:
            output.result(told, _followed(round_))
            return
        if round_.entries or round_.missing:
            output.say(" · ".join(_followed(round_)))
        time.sleep(every)


def _followed(round_: Followed) -> list[str]:
    lines = [
        f"{round_.ehr} as of {round_.as_of}: {round_.resources} resources, {round_.deletions} deletions",
        f"{round_.entries} entries kept, {round_.repeated} were there",
    ]
    if round_.event >= 0:
        lines.append(f"every event up to number {round_.event} is here")
    if round_.missing:
        lines.append(f"{len(round_.missing)} events did not come; the history stood in for them")
    if round_.refusals:
        lines.append(f"{len(round_.refusals)} lines were refused")
    return lines


def _told(taken: Exported) -> dict[str, Any]:
    told = asdict(taken)
    told["refusals"] = [{"file": r.file, "line": r.line, "reason": r.reason} for r in taken.refusals]
    return told


def _lines(taken: Exported, ehr: Ehr) -> list[Any]:
    began = "went on with an export begun earlier" if taken.went_on else "a new export"
    what = f"what changed since {taken.since}" if taken.since else "everything"
    lines: list[Any] = [
        f"{ehr.name} as of {taken.as_of}: {what} ({began})",
        f"{taken.files} files: {taken.resources} resources, {taken.deletions} deletions",
        f"{taken.entries} entries kept, {taken.repeated} were there",
    ]
    if taken.complaints:
        lines.append("the EHR could not give: " + ", ".join(f"{n} × {word}" for word, n in taken.complaints.items()))
    if taken.short:
        lines.append(
            f"{len(taken.short)} files had not the lines the EHR promised; the next export asks for them again"
        )
    if not taken.whole and not taken.short:
        lines.append("this was a part of what is declared; the next export asks from the old time")
    if taken.refusals:
        lines.append(f"{len(taken.refusals)} lines were refused:")
        lines.append(table(("file", "line", "reason"), taken.refusals[:_SHOWN], numbers=frozenset((1,))))
    return lines
