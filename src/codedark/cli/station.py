"""`codedark station …`: a machine on a ward that keeps its unit's packs, to show and print them when all is dark."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated, Any

import typer

from codedark.cli.moments import when
from codedark.cli.options import DEFAULT_FOLDER, As, AsFile, Folder, Json
from codedark.cli.output import Output, visible
from codedark.cli.people import card_key, credentials
from codedark.clock import SystemChance
from codedark.errors import CodedarkError, ConfigError, NotFound
from codedark.node import admit_station, open_node, station_lines
from codedark.station import (
    Errand,
    Kept,
    Place,
    Window,
    join,
    new_station,
    note_deed,
    print_here,
    station_clock,
    warned,
)

app = typer.Typer(help="A machine on a ward that keeps its unit's packs.", no_args_is_help=True)
DEFAULT_STATION = Path("codedark-station")
StationFolder = Annotated[
    Path, typer.Option("--folder", "-f", envvar="CODEDARK_STATION", help="The station's folder.",
                       show_default="codedark-station"),
]  # fmt: skip


@app.command("init")
def init(
    name: Annotated[str, typer.Argument(help="The station's name, such as '4W desk'.")],
    folder: StationFolder = DEFAULT_STATION,
    as_json: Json = False,
) -> None:
    """At the station: make its folder and its own credential. Then carry keys/device.pem to the node."""
    place = new_station(folder, name, station_clock(Place(folder)).now_us(), SystemChance())
    output = Output(as_json)
    output.result({"station": name, "certificate": str(place.certificate)}, [f"made {visible(name)} in {folder}"])
    output.say(f"next, at the node: codedark station admit '{visible(name)}' {place.certificate} --unit UNIT --to FILE")


@app.command("admit")
def admit(
    name: Annotated[str, typer.Argument(help="The station's name.")],
    certificate: Annotated[Path, typer.Argument(help="Its device.pem.")],
    to: Annotated[Path, typer.Option(help="The new admission file to write, for the station.")],
    unit: Annotated[list[str] | None, typer.Option(help="A unit whose packs it keeps; may be given again.")] = None,
    host: Annotated[str, typer.Option(help="Name or address by which the station finds this node.")] = "127.0.0.1",
    folder: Folder = DEFAULT_FOLDER,
    author: As = "",
    author_file: AsFile = None,
    as_json: Json = False,
) -> None:
    """At the node: admit a station to the packs of its units. Who did it is an entry. It says lines for codedark.toml.

    Those packs are sealed for the unit's card: what the station fetches, it cannot open by itself.
    """
    output = Output(as_json)
    if to.exists():
        raise ConfigError(f"{to} is there already", hint="Name a new file.")
    try:
        pem = certificate.read_bytes()
    except OSError as error:
        raise ConfigError(f"the certificate {certificate} cannot be read: {type(error).__name__}") from error
    with open_node(folder) as node:
        made = admit_station(node, name, pem, unit or [], host, credentials(output, author, author_file))
    to.write_bytes(made.admission)
    lines = station_lines(made.station)
    data = {"station": name, "fingerprint": made.fingerprint, "admission": str(to), "lines": lines}
    output.result(data, [f"{visible(name)} is admitted; its admission is in {to}", *lines])
    output.say("next: put these lines into codedark.toml, restart the node, and carry the admission to the station:")
    output.say(f"  codedark station join {to}")


@app.command("join")
def join_(
    admission: Annotated[Path, typer.Argument(help="The file that the node wrote.")],
    folder: StationFolder = DEFAULT_STATION,
    as_json: Json = False,
) -> None:
    """At the station: take the node's admission. From then on it knows where to fetch, and whom to believe."""
    try:
        data = admission.read_bytes()
    except OSError as error:
        raise ConfigError(f"{admission} cannot be read: {type(error).__name__}") from error
    told = join(folder, data)
    units = ", ".join(map(visible, told.units))
    Output(as_json).result(
        {"station": told.station, "units": list(told.units), "node": f"{told.host}:{told.port}"},
        [f"{visible(told.station)} keeps the packs of {units} from {told.host}:{told.port}"],
    )


@app.command("pull")
def pull(folder: StationFolder = DEFAULT_STATION, as_json: Json = False) -> None:
    """At the station: fetch what is new, once. What is here stays, whatever happens."""
    place = Place(folder)
    errand = Errand(place, station_clock(place))
    done = errand.run()
    lines = [f"{len(done.fetched)} packs fetched, {len(errand.shelf().packs())} here"]
    lines += [f"NOT TAKEN: {why}" for why in done.refused]
    Output(as_json).result({"fetched": list(done.fetched), "refused": list(done.refused)}, lines)


@app.command("run")
def run(
    folder: StationFolder = DEFAULT_STATION,
    port: Annotated[int | None, typer.Option(help="Port of the page on 127.0.0.1, instead of station.toml's.")] = None,
    as_json: Json = False,
) -> None:
    """At the station: fetch packs every minute, and show them on a page of this machine, until stopped.

    The page works with the node and the network gone: http://127.0.0.1:8877
    """
    place = Place(folder)
    settings, errand, stop = place.settings(), Errand(place, station_clock(place)), threading.Event()
    window = Window(place, errand, settings.port if port is None else port, SystemChance())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=window.serve_forever, name="window", daemon=True).start()
    output = Output(as_json)
    address = f"http://127.0.0.1:{window.port}"
    output.result({"page": address}, [f"packs of this station: {address}"])
    sys.stdout.flush()
    while True:
        window.trouble = visit(errand, output, window.trouble)
        if stop.wait(settings.every_s):
            break
    window.shut()


def visit(errand: Errand, output: Output, before: str) -> str:
    """One visit at the node; what is wrong now, said once when it changes."""
    try:
        done = errand.run()
    except CodedarkError as error:
        if str(error) != before:
            output.say(f"{error}. {error.hint}")
        return str(error)
    if done.fetched:
        output.say(f"{len(done.fetched)} packs fetched")
    for why in done.refused:
        output.say(f"NOT TAKEN: {why}")
    return ""


@app.command("status")
def status(folder: StationFolder = DEFAULT_STATION, as_json: Json = False) -> None:
    """At the station: what lies here, how old it is, and whether it would open. No node and no network is asked."""
    place = Place(folder)
    errand = Errand(place, station_clock(place))
    told, packs, believed = place.admission(), errand.shelf().packs(), errand.believed()
    rows = [{**_told(kept), "warnings": list(warned(kept.label, believed)) if kept.label else []} for kept in packs]
    lines = [f"{visible(told.station)} · {visible(told.facility_name)}"]
    lines += [_line(kept, row["warnings"]) for kept, row in zip(packs, rows, strict=True)] or ["no pack is here"]
    Output(as_json).result({"station": told.station, "units": list(told.units), "packs": rows}, lines)


@app.command("open")
def open_(
    file: Annotated[str, typer.Argument(help="A file of packs/, or a unit: its newest pack.")],
    to: Annotated[Path | None, typer.Option(help="The new PDF to write (0600).")] = None,
    printer: Annotated[str, typer.Option(help="Print on this printer of station.toml.")] = "",
    folder: StationFolder = DEFAULT_STATION,
    as_json: Json = False,
) -> None:
    """At the station: check a pack, open it with the key on the unit's card (asked for, or stdin), print or write it.

    A pack that is too old, or of which nobody knows how old it is, opens and says so. One that is not what the node
    signed does not, and the hint names where the next copy is.
    """
    output, place = Output(as_json), Place(folder)
    if (to is None) == (not printer):
        raise ConfigError("say what to do with it", hint="--printer NAME, or --to FILE.")
    if to is not None and to.exists():
        raise ConfigError(f"{to} is there already", hint="Name a new file.")
    errand = Errand(place, station_clock(place))
    name = _newest(errand, file)
    label, pdf = errand.shelf().open(name, card_key(output))
    note_deed(place, errand, "opened", name)
    warnings = warned(label, errand.believed())
    for warning in warnings:
        output.say(f"▲ {warning}")
    if to is not None:
        handle = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(pdf)
    else:
        print_here(place, errand, name, pdf, printer)
    done = f"written to {to}" if to is not None else f"sent to {visible(printer)}"
    data = {"file": name, "unit": label.unit, "code": label.code, "warnings": list(warnings), "done": done}
    output.result(data, [f"{visible(label.unit)}, drawn {when(label.made_us)} · code {label.code} · {done}"])


def _newest(errand: Errand, asked: str) -> str:
    if asked.endswith(".age"):
        return asked
    found = [each for each in errand.shelf().packs() if each.label is not None and each.label.unit == asked]
    if not found:
        raise NotFound("no pack of this unit is here", hint="`codedark station status` lists what is.")
    return found[0].file


def _told(kept: Kept) -> dict[str, Any]:
    label = kept.label
    return {
        "file": kept.file,
        "problem": kept.problem,
        "unit": label.unit if label else None,
        "made_us": label.made_us if label else None,
        "as_of_us": label.as_of_us if label else None,
        "replace_by_us": label.replace_by_us if label else None,
        "code": label.code if label else None,
    }


def _line(kept: Kept, warnings: list[str]) -> str:
    if kept.problem or kept.label is None:
        return f"■ {kept.file}: not shown: {kept.problem}"
    said = "".join(f"\n    ▲ {each}" for each in warnings)
    return f"{visible(kept.label.unit)}: drawn {when(kept.label.made_us)}, {kept.label.pages} pages: {kept.file}{said}"
