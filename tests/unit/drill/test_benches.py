"""The table of benches: targets are judged, what was not measured is left out, the page says on what machine."""

from __future__ import annotations

import pytest

from codedark.errors import ConfigError
from codedark_drill import benches
from codedark_drill.machine import describe
from codedark_drill.stage import Stage

MACHINE = {
    "cpu": "C",
    "cores": 2,
    "memory_gib": 4,
    "kernel": "6",
    "python": "3.11",
    "fdatasync_p50_ms": 1.5,
    "load": 0.1,
}


def results(ack_per_s: float, short: bool = False) -> dict[str, object]:
    found = {"codedark": {"ack_per_s": ack_per_s, "p99_ms": 30}}
    return {"machine": MACHINE, "short": short, "mllp": found, "measured": "2026-11-24T14:00+00:00"}


def test_a_figure_is_held_against_its_target() -> None:
    shown = {row[1]: row[3] for row in benches.rows(results(12_000))}
    assert shown["messages kept and acknowledged a second"] == "≥ 10,000 yes"
    assert shown["p99, ms"] == "≤ 20 NO"


def test_what_was_not_measured_is_left_out() -> None:
    assert {row[0] for row in benches.rows(results(1))} == {"mllp"}


def test_short_sizes_are_not_held_against_targets() -> None:
    assert {row[3] for row in benches.rows(results(1, short=True))} == {""}


def test_the_page_names_the_machine() -> None:
    assert (
        "C, 2 cores, 4 GiB, Linux 6, Python 3.11, fdatasync of 4 KiB p50 1.5 ms, load before it began 0.1."
        in benches.page(results(1))
    )


def test_an_unknown_bench_is_refused() -> None:
    with pytest.raises(ConfigError):
        benches.run_all(("speed",), True, Stage(quiet=True))


def test_this_machine_is_described() -> None:
    found = describe()
    assert found["cores"] >= 1
    assert found["fdatasync_p50_ms"] > 0


def test_the_reading_bench_finds_figures() -> None:
    assert benches.measure("hl7", "short")["peek_us"] > 0
