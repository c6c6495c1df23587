"""All benches by name, one after another, each in a process of its own; what they found as rows and as a page."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from codedark.errors import ConfigError

from . import bench_curve, bench_memory
from .machine import describe
from .stage import Stage


class Figure(NamedTuple):
    """One line of the table. `path`: where it stands in the bench's result, dots between names; `at_least`, `at_most`:
    the target (issue 2), None where there is none."""

    bench: str
    words: str
    path: str
    at_least: float | None = None
    at_most: float | None = None


FIGURES: tuple[Figure, ...] = (
    Figure("mllp", "messages kept and acknowledged a second", "codedark.ack_per_s", at_least=10_000),
    Figure("mllp", "p99, ms", "codedark.p99_ms", at_most=20),
    Figure("mllp", "the same while views are folded", "codedark_folding.ack_per_s"),
    Figure("mllp", "bare receiver beside it, a second", "bare.ack_per_s"),
    Figure("mllp", "`hl7` package's server beside both (keeps nothing), a second", "hl7.ack_per_s"),
    Figure("mllp", "ratio to the bare receiver", "ratio_to_bare", at_least=0.35),
    Figure("mllp", "ratio to the `hl7` package", "ratio_to_hl7"),
    Figure("mllp", "connections", "connections"),
    Figure("mllp", "bytes of a message", "message_bytes"),
    Figure("hl7", "header read, µs", "peek_us"),
    Figure("hl7", "whole message read, every field unescaped, µs", "parse_us"),
    Figure("hl7", "ratio to the `hl7` package's parsing", "ratio_to_hl7", at_least=10),
    Figure("hl7", "ratio to `hl7apy`'s parsing", "ratio_to_hl7apy", at_least=200),
    Figure("hl7", "each repetition, component and sub-component read, µs", "everything_us"),
    Figure("hl7", "ratio to the `hl7` package, everything read", "ratio_to_hl7_everything"),
    Figure("hl7", "ratio to `hl7apy`, everything read", "ratio_to_hl7apy_everything"),
    Figure("verify", "entries of 130 bytes verified a second, one core", "small.one_core", at_least=200_000),
    Figure("verify", "the same on all cores", "small.all_cores"),
    Figure("verify", "bare scan and SHA-256 of the same rows, one core", "small.bare"),
    Figure("verify", "ratio to it on one core", "small.ratio_to_bare"),
    Figure("verify", "entries of 672 bytes verified a second, one core", "whole.one_core", at_least=200_000),
    Figure("verify", "the same on all cores", "whole.all_cores"),
    Figure("verify", "bare scan and SHA-256 of the same rows, one core", "whole.bare"),
    Figure("verify", "ratio to it on one core", "whole.ratio_to_bare"),
    Figure("verify", "first pull of them by a second machine, ms", "pull.first_ms"),
    Figure("verify", "the next one, 1,000 new entries, ms", "pull.thousand_new_ms"),
    Figure("verify", "one with nothing new, ms", "pull.nothing_new_ms"),
    Figure("verify", "one that looks at everything again, ms", "pull.whole_ms"),
    Figure("verify", "entries", "entries"),
    Figure(
        "curve", "rate with 1,000,000 entries over rate with 10,000, ids count upwards", "flat.counting", at_least=0.9
    ),
    Figure("curve", "the same in processor time of a message", "flat_cpu.counting", at_most=1.1),
    Figure("curve", "rate with 1,000,000 entries over rate with 10,000, random ids", "flat.random"),
    Figure("curve", "the same in processor time of a message", "flat_cpu.random"),
    Figure("views", "facts a second, sealed entries to views", "fold.facts_per_s", at_least=10_000),
    Figure("views", "the same on one core, as a running node folds", "fold_one_core.facts_per_s"),
    Figure("views", "facts a second of processor time on it", "fold_one_core.facts_per_cpu_s"),
    Figure("views", "facts per entry, mean of the drill's mix", "fold_one_core.facts_per_entry"),
    Figure("views", "facts", "fold.facts"),
    Figure("views", "inpatients", "inpatients"),
    Figure("views", "chart read, 4 readers, p95 ms", "chart.p95_ms"),
    Figure("views", "chart read with its view entry durable, p95 ms", "chart_and_view_entry.p95_ms", at_most=10),
    Figure("import", "resources a second, NDJSON to charts, start of the command included", "whole", at_least=15_000),
    Figure("import", "of these: into the sealed journal", "journal"),
    Figure("import", "of these: journal to charts", "fold"),
    Figure("import", "bare beside it: orjson and an SQLite insert, neither sealed nor understood", "bare"),
    Figure("import", "ratio to it", "ratio_to_bare"),
    Figure("import", "resources a second, `codedark rebuild`, both digests and start included", "rebuild"),
    Figure("import", "of these: journal to charts", "rebuild_fold"),
    Figure("import", "speed of rebuild over speed of import", "rebuild_to_import", at_least=1),
    Figure("import", "highest memory of import, MiB", "peak_mib.import"),
    Figure("import", "highest memory of rebuild, MiB", "peak_mib.rebuild"),
    Figure("import", "bytes of a resource, as sent", "bytes_each"),
    Figure("import", "bytes of a resource in the views", "views_bytes_each"),
    Figure("import", "resources", "resources"),
    Figure("search", "search over everybody ever known, p95 ms", "p95_ms", at_most=50),
    Figure("search", "the worst of all searches, ms", "worst_ms"),
    Figure("search", "counting everybody for the status, ms", "status_ms"),
    Figure("search", "people", "people"),
    Figure("chart", "chart's page over HTTPS, 4 readers, p50 ms", "p50_ms"),
    Figure("chart", "chart's page over HTTPS, 4 readers, p95 ms", "p95_ms"),
    Figure("chart", "pages a second", "pages_per_s"),
    Figure("chart", "inpatients", "inpatients"),
    Figure("fhir", "`$everything` of a large record over HTTPS, MB a second", "everything.mb_per_s", at_least=20),
    Figure("fhir", "MB of that record", "everything.mb"),
    Figure("fhir", "resources of it", "everything.resources"),
    Figure("fhir", "read of one resource, p95 ms", "read.p95_ms"),
    Figure("fhir", "search of a patient's vital signs, p95 ms", "search.p95_ms"),
    Figure("fhir", "summary of a patient (IPS), p95 ms", "summary.p95_ms"),
    Figure("fhir", "patients", "patients"),
    Figure("pack", "pages a second", "pages_per_s"),
    Figure("pack", "bare typst setting the same values, pages a second", "bare.pages_per_s"),
    Figure("pack", "ratio by page", "ratio"),
    Figure("pack", "patients of the unit", "patients"),
    Figure("pack", "pages", "pages"),
    Figure("pack", "peak memory of the drawing child, MiB", "peak_mib"),
    Figure("gate", "bad log-ins offered a second", "flood.offered_per_s"),
    Figure("gate", "answered a second, each refused and counted", "flood.answered_per_s"),
    Figure("gate", "let in", "flood.let_in", at_most=0),
    Figure("gate", "entries they took in the journal", "counted.entries"),
    Figure("gate", "nurse, envelope to chart, alone, s", "nurse.alone_s.median"),
    Figure("gate", "nurse, envelope to chart, under the flood, worst s", "nurse.under_flood_s.worst", at_most=60),
    Figure("gate", "nurse among 3,000 idle and half-open connections, s", "nurse.among_idle_s", at_most=60),
    Figure("restore", "entries of the drill's day", "entries"),
    Figure("restore", "restore from a copy, 3 cards, snapshot and tail, s", "restore_s"),
    Figure("restore", "the same without a snapshot, s", "restore_without_snapshot_s"),
    Figure("restore", "chain copied and verified, entries a second", "chain_entries_per_s"),
    Figure("restore", "a year's entries, extrapolated", "year.entries"),
    Figure("restore", "restore of a year, extrapolated, min", "year.restore_min", at_most=30),
    Figure("restore", "the same without a snapshot, extrapolated, min", "year.restore_without_snapshot_min"),
)
FIGURES += tuple(
    Figure("memory", f"highest memory of {name}, MiB", f"largest.{name}") for name in bench_memory.PROCESSES
)
NAMES: tuple[str, ...] = tuple(dict.fromkeys(figure.bench for figure in FIGURES))

_SHORT: dict[str, dict[str, Any]] = {
    "mllp": {"seconds": 0.4, "connections": 16},
    "hl7": {"repeats": 100},
    "verify": {"short": True},
    "curve": {"short": True},
    "views": {"short": True},
    "import": {"short": True},
    "search": {"short": True},
    "chart": {"short": True},
    "fhir": {"short": True},
    "pack": {"short": True},
    "restore": {"short": True},
    "memory": {"short": True},
    "gate": {"short": True},
}
_LONG: dict[str, dict[str, Any]] = {"memory": {"long": True}, "import": {"long": True}, "search": {"long": True}}


def run_all(names: Sequence[str], short: bool, stage: Stage, long: bool = False) -> dict[str, Any]:
    """What each bench found, by name, with the machine and the moment. Raises `ConfigError` for an unknown name."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        raise ConfigError(f"there is no bench {', '.join(unknown)}", hint=f"Benches: {', '.join(NAMES)}.")
    results: dict[str, Any] = {"machine": describe(), "short": short}
    for number, name in enumerate(names, 1):
        stage.say(f"bench {number} of {len(names)}: {name}")
        results[name] = _in_child(name, "short" if short else "long" if long else "")
    results["measured"] = datetime.now(UTC).isoformat(timespec="minutes")
    return results


def measure(name: str, size: str = "") -> dict[str, Any]:
    """One bench, here. `size`: "short", "long" (where a bench has a longer form), or the usual one."""
    run: Callable[..., dict[str, Any]] = importlib.import_module(f".bench_{name}", __package__).run
    return run(**{"short": _SHORT, "long": _LONG}.get(size, {}).get(name, {}))


def rows(results: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """The table: bench, figure, value, target with "yes" or "NO"; figures that were not measured are left out."""
    found = []
    for figure in FIGURES:
        value = _at(results.get(figure.bench), figure.path)
        if value is not None:
            found.append(
                (figure.bench, figure.words, _written(value), "" if results["short"] else _target(figure, value))
            )
    return found


def page(results: dict[str, Any]) -> str:
    """docs/why/performance.md, whole."""
    lines = [
        "# Performance",
        "",
        "Written by `codedark bench --write docs/why/performance.md`; what each bench does: docs/reference/bench.md.",
        "Ratios are of one run, side by side on one machine; times are not tests. The load generators run on the same",
        "cores as what they measure.",
        "",
        f"Measured {results['measured']} on {machine_line(results['machine'])}",
        "",
        "| bench | figure | value | target |",
        "|---|---|--:|---|",
        *(f"| {bench} | {words} | {value} | {target} |" for bench, words, value, target in rows(results)),
    ]
    if "points" in results.get("curve", {}):
        lines += ["", "## Intake as the journal grows", "", "```", *bench_curve.chart(results["curve"]), "```"]
    if "folded" in results.get("memory", {}):
        lines += ["", "## Memory with a short and with a long journal", "", *bench_memory.table(results["memory"])]
    if results["short"]:
        lines += ["", "Short sizes: these figures say that it runs, not how fast."]
    return "\n".join(lines) + "\n"


def machine_line(machine: dict[str, Any]) -> str:
    """The machine in one line."""
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, Linux {machine['kernel']}, "
        f"Python {machine['python']}, fdatasync of 4 KiB p50 {machine['fdatasync_p50_ms']} ms, "
        f"load before it began {machine['load']}."
    )


def _in_child(name: str, size: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "codedark_drill.benches", name, size], stdout=subprocess.PIPE, check=False
    )
    if done.returncode:
        return {"failed": f"ended with {done.returncode}"}
    found: dict[str, Any] = orjson.loads(done.stdout)
    return found


def _at(found: Any, path: str) -> Any:
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _written(value: float) -> str:
    return f"{value:,}"


def _target(figure: Figure, value: float) -> str:
    if figure.at_least is not None:
        return f"≥ {figure.at_least:,} {'yes' if value >= figure.at_least else 'NO'}"
    if figure.at_most is not None:
        return f"≤ {figure.at_most:,} {'yes' if value <= figure.at_most else 'NO'}"
    return ""


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(measure(sys.argv[1], sys.argv[2]), option=orjson.OPT_NON_STR_KEYS))
