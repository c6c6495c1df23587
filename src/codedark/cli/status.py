"""`codedark status`: where this node stands, in one second, with or without it running."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.table import Table

from codedark.cli.feed import sender_words
from codedark.cli.moments import ago, untrusted
from codedark.cli.options import DEFAULT_FOLDER, Folder, Json
from codedark.cli.output import Output, table, visible
from codedark.node import coverage_findings, standing


def status(folder: Folder = DEFAULT_FOLDER, as_json: Json = False) -> None:
    """Say where this node stands: entries, feeds with last heard, worklist, journal head, views."""
    found = standing(folder)
    found["coverage"] = [finding.says for finding in coverage_findings(folder) if finding.state == "red"]
    Output(as_json).result(found, _lines(found))


def _lines(found: dict[str, Any]) -> Iterator[str | Table]:
    running = "running" if found["running"] else "not running"
    demo = " · DEMO" if found["demo"] else ""
    yield f"{visible(found['facility'])} · {running}{demo}"
    yield from untrusted(found["clock"])
    journal, fold = found["journal"], found["fold"]
    newest = ago(journal["recorded_at_us"], found["clock"])
    yield f"journal   {found['total']} entries, newest {newest}, {journal['size_bytes'] / 1e6:.1f} MB"
    understood = _known(found["interpreted"])
    yield f"          {found['acknowledged']} HL7 messages kept; {understood} clinical entries interpreted"
    yield from _standing(found)
    behind = f"{fold['behind']} entries behind" if fold["behind"] else "up to date"
    yield f"views     {behind}, {_known(found['patients'])} patients, {_known(found['units'])} units"
    yield f"worklist  {_known(found['worklist'])} open"
    for each in found["stations"]:
        state = "LOOK: its pack is old, " if each["old"] else ""
        held = f"pack drawn {ago(each['made_us'], found['clock'])}" if each["made_us"] else "lacks a pack"
        yield f"station   {state}{visible(each['name'])}: {held}, last here {ago(each['seen_us'], found['clock'])}"
    yield from (f"coverage  WRONG: {visible(says)}" for says in found["coverage"])
    if found["reviews"]:
        yield f"reviews   LOOK: {found['reviews']} deeds of distrusted people stay in force (codedark trust deeds)"
    yield ""
    yield table(
        ("feed", "last heard", "received", "duplicates", "refused", "sender"),
        (
            (
                f["name"],
                ago(f["last_heard_us"], found["clock"]),
                f["received"],
                f["duplicates"],
                f["refusals"],
                sender_words(f, found["clock"]),
            )
            for f in found["feeds"]
        ),
        numbers=frozenset((2, 3, 4)),
    )


def _standing(found: dict[str, Any]) -> Iterator[str]:
    """Whether this record may speak for the facility, and who saw it last."""
    adoption = found["adoption"]
    if adoption and not adoption["may_ship"]:
        yield f"origin    {adoption['state'].upper()}: it captures; no number blocks, nothing is sent home"
    yield from _copies(found)


def _copies(found: dict[str, Any]) -> Iterator[str]:
    """Who has taken a copy. A cosignature of a key that two people did not pin is shown, and does not count."""
    agreeing = [each for each in found["witnesses"] if each["agrees"]]
    counted = [each for each in agreeing if each["pinned"]]
    if not counted:
        yield (
            "witness   LOOK: no pinned witness has taken a copy"
            if agreeing
            else ("witness   LOOK: no second machine has taken a copy")
        )
    past_s = min((found["clock"]["now_us"] - each["at_us"] for each in counted), default=0) // 1_000_000
    old = past_s > found["witness_hours"] * 3600
    for each in [*counted[-3:], *[one for one in agreeing if one not in counted][-3:]]:
        mark = ("LOOK: " if old else "") if each["pinned"] else "NOT PINNED, does not count: "
        seen = f"{visible(each['name'])} at entry {each['size']}, last copied {ago(each['at_us'], found['clock'])}"
        yield f"witness   {mark}{seen}"


def _known(value: int | None) -> str:
    return "unknown" if value is None else str(value)
