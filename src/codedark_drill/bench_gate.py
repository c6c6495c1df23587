"""Whether the door stays open under attack: 10,000 bad log-ins a second are offered while a nurse with the unit's
envelope reads a chart (security decision 8: at most 60 s).

The attacker is a process of its own (`flood`): its connections are made and greeted beforehand, come from several
addresses of loopback, and carry many requests each. The nurse is another process's worth of work in this one: a new
connection, the envelope's page, the code, the units, the bed list, a chart. Alone first, then under the flood, several
times; then among three thousand connections that only take room. Afterwards the journal is read: every bad log-in must
be counted, in few entries. Both share the machine with the node, so what was offered and what was absorbed are told,
not judged.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codedark.entries import LoginRefused, payload_of
from codedark.errors import ConfigError
from codedark.node import Config, issue_card, open_node

from .demo_people import enrol_demo_people
from .drill_node import RunningNode, found_drill_node, lines_of
from .flood import FloodPlan, ended, flooding, loitering
from .hospital import Hospital
from .stage import run as run_command
from .visitor import Visitor

LOITERERS = 3_000
RATE, SECONDS, SOURCES, CONNECTIONS = 10_000, 30.0, 16, 256
_HOUR_US = 3_600_000_000
UNIT = "ICU"
_ENTERS = 4
_REFUSED = frozenset({"403", "429", "503"})


def run(short: bool = False, *, rate: int = RATE) -> dict[str, Any]:
    """`nurse`: seconds alone and under the flood (median, worst); `flood`: offered, answered a second, by status;
    `counted`: refusals in the journal and the entries they took. `short`: three seconds, 48 beds, one nurse."""
    with tempfile.TemporaryDirectory(prefix="codedark-bench-") as place:
        folder = Path(place) / "node"
        config = found_drill_node(folder)
        codes = _peopled(folder, Path(place), 48 if short else 400)
        node = RunningNode(folder, "serve", folder / "run" / "serve.log")
        node.start()
        try:
            node.wait_ready(lines_of(config))
            plan = _plan(config, short, rate)
            found = _measure(folder, config, plan, codes[: 2 if short else 2 * _ENTERS])
            found["nurse"] |= _crowded(folder, config, plan, codes[-1], 100 if short else LOITERERS)
        finally:
            node.stop()
        return {**found, "counted": _counted(folder, found["flood"]["refused"], found["flood"]["offered"])}


def _plan(config: Config, short: bool, rate: int) -> FloodPlan:
    sizes: dict[str, Any] = {"seconds": 3.0, "sources": 4, "connections": 32} if short else {
        "seconds": SECONDS, "sources": SOURCES, "connections": CONNECTIONS}  # fmt: skip
    return FloodPlan(host="127.0.0.1", port=config.web.port, rate=rate, **sizes)


def _peopled(folder: Path, place: Path, beds: int) -> tuple[str, ...]:
    """People, an hour of a hospital, and the ten codes of a fresh envelope."""
    with open_node(folder) as node:
        codes = issue_card(node, UNIT, None, None).codes
    enrol_demo_people(folder)
    start = time.time_ns() // 1000 - _HOUR_US
    said = place / "hospital.hl7"
    said.write_bytes(b"".join(spoken.data for spoken in Hospital(7, beds).messages(start, start + _HOUR_US)))
    run_command("import", str(said), "--folder", str(folder))
    return codes


def _measure(folder: Path, config: Config, plan: FloodPlan, codes: tuple[str, ...]) -> dict[str, Any]:
    url, half = f"https://127.0.0.1:{config.web.port}/", len(codes) // 2
    _open(url, folder)
    alone = [_nurse(url, folder, code) for code in codes[:half]]
    with flooding(plan) as attack:
        time.sleep(plan.seconds / 6)
        under = []
        for code in codes[half:]:
            under.append(_nurse(url, folder, code))
            if attack.poll() is not None:
                raise ConfigError("the flood ended before the nurse had read a chart")
            time.sleep(0.2)
        told = ended(attack)
    return {
        "nurse": {"alone_s": _spread(alone), "under_flood_s": _spread(under), "charts_under_flood": len(under)},
        "flood": _flood(told, plan),
    }


def _crowded(folder: Path, config: Config, plan: FloodPlan, code: str, count: int) -> dict[str, float]:
    """The nurse once more, while `count` connections only take room."""
    with loitering(FloodPlan(host=plan.host, port=plan.port, sources=plan.sources, connections=count)) as held:
        seconds = _nurse(f"https://127.0.0.1:{config.web.port}/", folder, code)
    return {"among_idle_s": round(seconds, 3), "idle_connections": held}


def _flood(told: Mapping[str, Any], plan: FloodPlan) -> dict[str, Any]:
    answers: dict[str, int] = dict(told["answers"])
    refused = sum(count for status, count in answers.items() if status in _REFUSED)
    return {
        "wanted_per_s": plan.rate,
        "offered": told["offered"],
        "offered_per_s": round(told["offered"] / told["seconds"]),
        "answered_per_s": round(sum(answers.values()) / told["seconds"]),
        "answers": answers,
        "refused": refused,
        "let_in": sum(answers.values()) - refused,
        "unanswered": told["offered"] - sum(answers.values()),
        "addresses": plan.sources,
        "connections": told["connections"],
        "cut": told["cut"],
        "attackers_cpu_share": round(told["cpu_s"] / told["seconds"], 2),
    }


def _nurse(url: str, folder: Path, code: str) -> float:
    """Seconds from a closed browser to a chart on the screen, by envelope."""
    begun = time.perf_counter()
    visitor = Visitor(url, folder)
    try:
        if not visitor.open_envelope(UNIT, code, "L. Roy", "M. Okoro"):
            raise ConfigError("the envelope did not open")
        visitor.get("/units")
        visitor.get(f"/beds?unit={UNIT.replace(' ', '%20')}")
        if visitor.get(visitor.first_link("/chart/")) != 200:
            raise ConfigError("no chart was opened")
        return time.perf_counter() - begun
    finally:
        visitor.close()


def _open(url: str, folder: Path) -> None:
    until = time.monotonic() + 30
    while True:
        visitor = Visitor(url, folder)
        try:
            if visitor.get("/envelope") == 200:
                return
        except OSError:
            pass
        finally:
            visitor.close()
        if time.monotonic() > until:
            raise ConfigError("the bench's node did not open its pages")
        time.sleep(0.2)


def _spread(seconds: list[float]) -> dict[str, float]:
    return {"median": round(statistics.median(seconds), 3), "worst": round(max(seconds), 3)}


def _counted(folder: Path, refused: int, offered: int) -> dict[str, Any]:
    """What the journal says of the flood."""
    with open_node(folder) as node:
        reader = node.reader()
        try:
            said = [payload_of(entry) for entry in reader.read(-1, 1_000_000) if entry.kind == "login.refused"]
        finally:
            reader.close()
    counts = [payload.count for payload in said if isinstance(payload, LoginRefused)]
    # What was refused when the attacker had hung up already is counted as well.
    return {"refusals": sum(counts), "entries": len(counts), "all": refused <= sum(counts) <= offered}
