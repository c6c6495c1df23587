"""What every message about people, visits, bookings, papers and plans says, and what chart and census show after it.

To take new pictures after reading them: `CODEDARK_GOLDEN=write pytest tests/golden/test_registration_and_papers.py`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from meanings import SITE, entry
from told_messages import TALES
from views_tape import KEY, Tape

from codedark.entries import ConfigSet, Interpretation, Understood, interpret
from codedark.views import Chart, Fold, Record, ViewStore

PICTURES = Path(__file__).parent / "people"
KEPT = frozenset({"DFT_P03", "BAR_P01"})
_RECORDED = 1_795_651_200_000_000
"""2026-11-26, µs UTC: after everything these messages tell of."""


def _facts(meaning: Interpretation) -> Iterator[str]:
    """Every fact: its place, what it does, type and body, with a name in place of each id."""
    names: dict[str, str] = {}
    for fact in meaning.facts:
        count = sum(name.startswith(fact.type) for name in names.values()) + 1
        names.setdefault(fact.id, f"{fact.type}-{count}")
    for fact in meaning.facts:
        body = json.dumps(fact.body, ensure_ascii=False, default=_plain)
        for identity, name in names.items():
            body = body.replace(identity, name)
        cleared = f" without {', '.join(fact.cleared)}" if fact.cleared else ""
        yield f"{fact.path} {fact.op} {names[fact.id]} {body}{cleared}"
    yield from (f"problem {problem.path}: {problem.reason}" for problem in meaning.problems)


def _plain(value: object) -> Any:
    assert isinstance(value, Decimal)
    return str(value)


def _shown(chart: Chart) -> Iterator[str]:
    who = chart.banner
    place = " ".join(part for part in (who.unit, who.room, who.bed) if part)
    yield f"{who.name} | {who.birth_date} | {who.sex} | {who.mrn} | {who.visit} | {place or 'no bed'} | {who.attending}"
    admitted = who.admitted.iso if who.admitted else "not said"
    yield f"  admitted {admitted}, merged from {', '.join(who.merged_from) or 'nobody'}"
    yield f"  allergies: {chart.allergy_state} {', '.join(each.substance for each in chart.allergies)}"
    yield from (f"  condition: {each.name} | {each.status}" for each in chart.conditions)
    if who.isolation or who.language or who.needs:
        yield f"  isolation: {who.isolation} | language: {who.language} | needs: {who.needs}"
    for each in chart.events:
        when = each.when.iso if each.when else "no time"
        yield f"  {each.kind}: {each.name} | {each.status} | {when} | {each.by} | {each.detail}"
    yield from (f"  note: {each.title} | {each.text} | {each.author}" for each in chart.notes)


def _record(folder: Path, tale: tuple[bytes, ...]) -> Iterator[str]:
    store = ViewStore.open(folder, KEY)
    try:
        tape = Tape()
        tape.say(ConfigSet(key="facility.authority", value="ANNA"))
        for raw in tale:
            tape.add("hl7.received", raw, source="feed:all", at=_RECORDED)
        Fold(tape, store).catch_up()
        record = Record(store)
        for banner in sorted(record.patients(), key=lambda each: each.mrn):
            yield from _shown(record.chart(banner.patient))
        for unit in record.units():
            beds = (f"{row.room} {row.bed} {row.name or 'empty'}" for row in record.census(unit.unit))
            yield f"unit {unit.unit}: {'; '.join(beds)}"
        yield f"worklist: {record.status().worklist_open}"
    finally:
        store.close()


@pytest.mark.parametrize("name", TALES)
def test_what_a_message_about_people_says_is_as_last_read(name: str, tmp_path: Path) -> None:
    tale = TALES[name]
    meaning = interpret(entry(tale[-1]), SITE)
    heard = ", ".join(sorted(meaning.topics)) or "nothing"
    words = [f"# {meaning.message_type} {meaning.understood.value}, heard for: {heard}"]
    words += [*tale[-1].decode().strip().split("\r"), "# facts", *_facts(meaning)]
    words += [f"# the record after it and {len(tale) - 1} before", *_record(tmp_path, tale), ""]
    picture = PICTURES / f"{name}.txt"
    if os.environ.get("CODEDARK_GOLDEN") == "write":
        picture.parent.mkdir(exist_ok=True)
        picture.write_text("\n".join(words), encoding="utf-8")
    assert "\n".join(words) == picture.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", TALES)
def test_every_message_about_people_is_understood_as_it_should(name: str) -> None:
    meaning = interpret(entry(TALES[name][-1]), SITE)
    assert (meaning.understood, meaning.problems) == (Understood.KEPT if name in KEPT else Understood.FULL, ())
