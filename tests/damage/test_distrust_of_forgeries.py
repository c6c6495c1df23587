"""Decision 3 of security.md: forgeries are taken out of the chart, what people entered stays, and it can be undone.

10,000 messages of a simulated hospital; 50 forged merges and allergy changes from a feed that was honest before and
after; 500 facts that people entered. The journal without the forgeries has a harmless entry in each one's place.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pytest
from journal_rig import new_journal, reader
from views_tape import KEY, START_US

from codedark.clock import SeededClock
from codedark.entries import ConfigSet, FactsRecorded, FeedHeard, SourceDistrusted, draft_of
from codedark.journal import Draft, Journal
from codedark.views import Fold, Mark, Record, ViewStore, digest
from codedark_drill import Hospital

MESSAGES, FORGED, FACTS, CHUNK = 10_000, 50, 500, 100
PORTAL = "feed:portal"
MINUTE = 60_000_000


def forgery(number: int, one: str, other: str) -> bytes:
    """A merge of two strangers, or an allergy nobody has, dated long after everything honest."""
    event = "A40" if number % 2 else "A60"
    head = (
        f"MSH|^~\\&|PORTAL|WTB|CD|WTB|2030010100{number:02}00||ADT^{event}|FORGED{number}|P|2.5.1\rEVN|{event}|2030\r"
    )
    if event == "A40":
        return f"{head}PID|1||{one}\rMRG|{other}\r".encode()
    return f"{head}PID|1||{one}\rIAM|1|DA|7980^Penicillin^RXN|SV|Anaphylaxis|A\r".encode()


def fact(number: int, patient: str) -> FactsRecorded:
    """A pulse, taken at a bedside without a system."""
    pulse = {
        "resourceType": "Observation",
        "id": f"paper-{number}",
        "status": "final",
        "subject": {"reference": f"Patient/{patient}"},
        "category": [{"coding": [{"code": "vital-signs"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        "valueQuantity": {"value": 60 + number % 40, "unit": "/min", "code": "/min"},
        "effectiveDateTime": f"2026-11-24T03:{number % 60:02}:00-05:00",
    }
    return FactsRecorded(person=f"p{number % 7}", resources=[json.dumps(pulse)])


@dataclass
class Written:
    """Messages with their patients' numbers, and where the forgeries' period begins and ends."""

    said: list[bytes]
    numbers: list[str]
    patients: list[str]


def number_of(message: bytes) -> str:
    line = next((line for line in message.split(b"\r") if line.startswith(b"PID|")), b"")
    return line.split(b"|")[3].decode() if line else ""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    messages = Hospital(7, 400).messages(START_US, START_US + 24 * 3_600_000_000)
    said = [each.data for each in islice(messages, MESSAGES)]
    assert len(said) == MESSAGES
    place = tmp_path_factory.mktemp("first")
    journal = begun(place / "journal", SeededClock())
    journal.append_all([Draft("hl7.received", 1, "feed:ehr", each) for each in said[:1000]])
    journal.close()
    store = ViewStore.open(place / "views", KEY)
    Fold(reader(place / "journal"), store).catch_up()
    patients = [banner.patient for banner in Record(store).patients()]
    return Written(said, sorted({number_of(each) for each in said if number_of(each)}), patients)


def begun(folder: Path, clock: SeededClock) -> Journal:
    journal = new_journal(folder, clock=clock, synchronous="OFF")
    journal.append(draft_of(ConfigSet(key="facility.id", value="wtb"), source="node"))
    return journal


def journalled(folder: Path, written: Written, *, forged: bool) -> tuple[int, int, Journal, SeededClock]:
    """The whole journal; the period of the forgeries, the journal still open, its clock."""
    clock = SeededClock()
    journal = begun(folder, clock)
    since = until = 0
    chunks = [written.said[at : at + CHUNK] for at in range(0, MESSAGES, CHUNK)]
    for number, chunk in enumerate(chunks):
        middle = 25 <= number < 75
        source = "feed:ehr" if middle or number % 5 else PORTAL
        clock.advance(MINUTE)
        journal.append_all([Draft("hl7.received", 1, source, each) for each in chunk])
        facts = [
            fact(5 * number + each, written.patients[(5 * number + each) % len(written.patients)]) for each in range(5)
        ]
        journal.append_all([draft_of(each, source=f"person:{each.person}") for each in facts])
        if middle:
            clock.advance(MINUTE)
            since, until = since or clock.now_us(), clock.now_us()
            one, other = written.numbers[number], written.numbers[-number]
            lie = Draft("hl7.received", 1, PORTAL, forgery(number - 25, one, other))
            harmless = draft_of(FeedHeard(feed="portal", since_us=0, until_us=0), source="node")
            journal.append(lie if forged else harmless)
    return since, until, journal, clock


def folded(folder: Path, views: Path) -> ViewStore:
    store = ViewStore.open(views, KEY)
    Fold(reader(folder), store).catch_up()
    return store


def test_distrust_takes_the_forgeries_out_and_nothing_else_and_can_be_undone(written: Written, tmp_path: Path) -> None:
    assert FACTS == 5 * MESSAGES // CHUNK
    journalled(tmp_path / "clean", written, forged=False)[2].close()
    clean = digest(folded(tmp_path / "clean", tmp_path / "clean-views"))
    since, until, journal, clock = journalled(tmp_path / "lied", written, forged=True)
    store = folded(tmp_path / "lied", tmp_path / "views")
    fold, lied = Fold(reader(tmp_path / "lied"), store), digest(store)
    assert lied != clean  # the control: without distrust the forgeries are in the chart

    clock.advance(MINUTE)
    mark = SourceDistrusted(source=PORTAL, since_us=since, until_us=until, reason="stolen portal credential")
    journal.append(draft_of(mark, source="person:p1"))
    fold.catch_up()
    assert digest(store) == clean
    assert kept_facts(store, written) == FACTS
    (row,) = Record(store).distrusted()
    assert row.entries == FORGED

    undone = SourceDistrusted(source=PORTAL, since_us=since, until_us=until, reason="cleared", undo=True)
    journal.append(draft_of(undone, source="person:p1"))
    fold.catch_up()
    assert digest(store) == lied
    assert kept_facts(store, written) == FACTS
    journal.close()


def kept_facts(store: ViewStore, written: Written) -> int:
    """How many of the people's facts are in charts, each marked as entered by screen."""
    record = Record(store)
    marks = [
        vital.stamp.mark
        for patient in dict.fromkeys(written.patients)
        for vital in record.chart(patient).vitals
        if vital.stamp.source.startswith("p") and vital.stamp.mark is Mark.SCREEN
    ]
    return len(marks)
