"""The plug-in commands `codedark demo` and `codedark bench`."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from codedark.cli import Json, Output, table
from codedark.clock import SystemClock
from codedark.errors import ConfigError

from . import benches
from .demo import CHAPTERS, Demo, Script
from .samples import Samples, samples_beside, samples_in
from .stage import Stage

_CHECKOUT = Path(__file__).resolve().parents[2]
_DEFAULT = Path("codedark-demo")

_Folder = Annotated[Path, typer.Option("--folder", "-f", help="Where the demo's node is made.")]
_Once = Annotated[bool, typer.Option("--once", help="End when it is shown, instead of serving the ward's pages.")]
_Chapter = Annotated[str, typer.Option(help=f"One chapter alone: {', '.join(CHAPTERS)}. On the node of the last demo.")]
_Data = Annotated[Path | None, typer.Option("--data", help="A folder of HL7 and FHIR files to take in as well.")]
_Beds = Annotated[int, typer.Option(min=20, max=8000, help="Inpatient beds of the simulated hospital.")]
_Hours = Annotated[float, typer.Option(min=0.5, max=336, help="Hours of history, up to now.")]


def demo(
    folder: _Folder = _DEFAULT,
    once: _Once = False,
    chapter: _Chapter = "",
    data: _Data = None,
    beds: _Beds = 400,
    hours: _Hours = 36.0,
    seed: Annotated[int, typer.Option(help="The same seed is the same hospital.")] = 20261124,
    as_json: Json = False,
) -> None:
    """Show the main job: an EHR feeds codedark, the EHR is gone, the ward still has its patients.

    Makes a DEMO node with a simulated hospital, files of yours (--data), paper for every unit, and a verified record,
    in about two minutes; then serves the ward's pages until Ctrl-C.
    """
    output, stage = Output(as_json), Stage()
    script = Script(
        folder.resolve(), _samples(data), seed, beds, hours, chapters=_chapters(chapter, folder), replace=not chapter
    )
    showing = Demo(script, stage, SystemClock())
    with _stopping(showing):
        summary = showing.play()
        output.result(summary, _lines(summary))
        if not once:
            stage.say(f"the ward's pages: {summary['web']}   (Ctrl-C ends it)")
            showing.node.wait()
    failure = _failure(summary, script.chapters)
    if failure:
        raise ConfigError(failure, hint=f"See {showing.node.log} and `codedark status --folder {script.folder}`.")


def bench(
    short: Annotated[bool, typer.Option("--short", help="Small sizes: does it run, not how fast.")] = False,
    long: Annotated[
        bool, typer.Option("--long", help="Longer forms where there are some (memory with a million entries: hours).")
    ] = False,
    only: Annotated[list[str] | None, typer.Option("--only", help=f"One of: {', '.join(benches.NAMES)}.")] = None,
    write: Annotated[
        Path | None, typer.Option("--write", help="Write the figures as a page, with this machine.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure this machine: messages a second, facts a second, charts, packs. Ratios are of one run, side by side."""
    output, stage = Output(as_json), Stage()
    results = benches.run_all(tuple(only or benches.NAMES), short, stage, long)
    if write is not None:
        write.write_text(benches.page(results), encoding="utf-8")
        stage.say(f"written: {write}")
    shown = table(("bench", "figure", "value", "target"), benches.rows(results))
    output.result(results, [benches.machine_line(results["machine"]), shown])
    failed = [name for name in benches.NAMES if "failed" in results.get(name, {})]
    if failed:
        raise ConfigError(f"a bench did not end well: {', '.join(failed)}", hint="Its own words stand above.")


@contextmanager
def _stopping(showing: Demo) -> Iterator[None]:
    """However the demo ends, its node ends in order; a SIGTERM counts as Ctrl-C."""

    def asked(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, asked)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
        showing.close()


def _samples(data: Path | None) -> Samples:
    return samples_beside(_CHECKOUT) if data is None else samples_in(data)


def _chapters(chapter: str, folder: Path) -> tuple[str, ...]:
    if not chapter:
        return CHAPTERS
    if chapter not in CHAPTERS:
        raise ConfigError(f"there is no chapter {chapter!r}", hint=f"Chapters: {', '.join(CHAPTERS)}.")
    fed = (folder / "codedark.toml").exists()
    return (chapter,) if fed or chapter == "feed" else ("feed", chapter)


def _failure(summary: dict[str, Any], chapters: Sequence[str]) -> str:
    """What a demo that went wrong says; "" when all went well."""
    if summary["unanswered"]:
        return f"{summary['unanswered']} messages were never answered"
    if "packs" in chapters and not summary["packs"]:
        return "no pack was drawn"
    if "verify" in chapters and not summary["verify"].get("ok", True):
        return "the record did not verify"
    return ""


def _lines(told: dict[str, Any]) -> list[str]:
    verified = told["verify"]
    lines = [
        f"entries      {told['entries']}   (as of {told['as_of']})",
        f"acknowledged {told['acknowledged']} of {told['sent']} messages sent, {told['refused']} refused",
        f"interpreted  {told['interpreted']}, on the worklist {told['worklist']}",
        f"patients     {told['patients']} in {told['units']} units",
        f"packs        {len(told['packs'])}, {told['pages']} pages",
        *(f"             {path}" for path in told["packs"]),
        f"verified     {verified.get('entries', 'not in this chapter')} {verified.get('witnessed', '')}",
        f"took         {told['seconds']} s   {told['chapters']}",
        f"folder       {told['folder']}",
    ]
    for login in told["logins"]:
        lines.append(f"log in as    {login}   password {told['password']}   (DEMO)")
    if told["envelope"]:
        lines.append(f"envelope     unit {told['envelope']['unit']}, one-time code {told['envelope']['code']}   (DEMO)")
    return lines
