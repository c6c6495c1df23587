"""What every message that orders, gives, reports or vaccinates says, and what the chart shows of it.

To take new pictures after reading them: `CODEDARK_GOLDEN=write pytest tests/golden/test_orders_and_results.py`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import fhirkit
import pytest
from meanings import SITE, entry, folded
from ordered_messages import MESSAGES, message_of
from views_tape import KEY, Tape

from codedark.entries import Interpretation, Understood, interpret
from codedark.fhir import encode
from codedark.views import Chart, Fold, Record, ViewStore

PICTURES = Path(__file__).parent / "orders"
_RECORDED = 1_795_651_200_000_000
"""2026-11-26, µs UTC: after everything these messages tell of."""


def _facts(meaning: Interpretation) -> Iterator[str]:
    """Every fact but who and where, which other pages hold: its place, type and body."""
    names: dict[str, str] = {}
    for fact in meaning.facts:
        names.setdefault(
            fact.id, f"{fact.type.lower()}-{sum(name.startswith(fact.type.lower()) for name in names.values()) + 1}"
        )
    for fact in meaning.facts:
        if fact.type not in ("Patient", "Encounter"):
            body = json.dumps(fact.body, indent=1, ensure_ascii=False, default=_plain)
            for identity, name in names.items():
                body = body.replace(identity, name)
            yield f"{fact.path} {fact.type} {names[fact.id]} {body}"
    yield from (f"problem {problem.path}: {problem.reason}" for problem in meaning.problems)


def _plain(value: object) -> Any:
    assert isinstance(value, Decimal)
    return str(value)


def _shown(chart: Chart) -> Iterator[str]:
    """The lines of a chart that orders, doses and results make."""
    for med in chart.medications:
        when = " as needed" if med.as_needed else ""
        yield f"medicine: {med.name} | {med.status} | {med.dose} | {med.route} | {med.schedule}{when}"
        if med.last_heard is not None:
            given = "given" if med.last_heard.given else "not given"
            yield f"  dose: {given} | {med.last_heard.dose} | {med.last_heard.by} | {med.last_heard.reason}"
    for result in chart.results:
        mark = " CRITICAL" if result.critical else ""
        value = f"{result.value} {result.unit}".strip()
        flag = f"{result.reference} | {result.flag}{mark}"
        yield f"result: {result.panel} | {result.name} | {value} | {flag} | {result.standing}"
    yield from (f"vital: {vital.name} | {vital.value} {vital.unit}" for vital in chart.vitals)
    yield from (f"order: {order.name} | {order.status} | {order.priority} | {order.by}" for order in chart.orders)
    yield from (f"note: {note.title} | {note.text}" for note in chart.notes)


def _chart(folder: Path, raw: bytes) -> Chart:
    store = ViewStore.open(folder, KEY)
    try:
        tape = Tape()
        tape.add("hl7.received", raw, source="feed:all", at=_RECORDED)
        Fold(tape, store).catch_up()
        record = Record(store)
        return record.chart(record.patients()[0].patient)
    finally:
        store.close()


@pytest.mark.parametrize("name", MESSAGES)
def test_what_a_message_says_is_as_last_read(name: str, tmp_path: Path) -> None:
    raw = message_of(name)
    meaning = interpret(entry(raw), SITE)
    words = "\n".join(
        [
            f"# {meaning.message_type} {meaning.understood.value}, heard for: {', '.join(sorted(meaning.topics))}",
            *raw.decode().strip().split("\r"),
            "# facts",
            *_facts(meaning),
            "# chart",
            *_shown(_chart(tmp_path, raw)),
            "",
        ]
    )
    picture = PICTURES / f"{name.replace(' ', '-')}.txt"
    if os.environ.get("CODEDARK_GOLDEN") == "write":
        picture.write_text(words, encoding="utf-8")
    assert words == picture.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(MESSAGES.keys() - {"ORM_O01 stop"}))
def test_every_resource_of_them_is_valid_r4(name: str) -> None:
    """The stop alone is left out: of the order it stops it says nothing but the number, and we invent nothing."""
    bodies = folded([interpret(entry(message_of(name)), SITE)])
    for (kind, identity), body in bodies.items():
        issues = fhirkit.validate(encode({"resourceType": kind, "id": identity} | body))
        assert [issue.message for issue in issues if issue.severity == "error"] == []


def test_their_order_of_arrival_changes_nothing(tmp_path: Path) -> None:
    found = set()
    for turn, names in enumerate((list(MESSAGES), list(MESSAGES)[::-1], sorted(MESSAGES) * 2)):
        store = ViewStore.open(tmp_path / str(turn), KEY)
        tape = Tape()
        for name in names:
            tape.add("hl7.received", message_of(name), source="feed:all", at=_RECORDED)
        Fold(tape, store).catch_up()
        record = Record(store)
        chart = record.chart(record.patients()[0].patient)
        found.add("\n".join(sorted(_shown(chart))))
        store.close()
    assert len(found) == 1


@pytest.mark.parametrize("name", MESSAGES)
def test_every_one_of_them_is_understood_in_full(name: str) -> None:
    meaning = interpret(entry(message_of(name)), SITE)
    assert (meaning.understood, meaning.problems) == (Understood.FULL, ())
