"""Entries made by hand and a reader over them: the fold reads anything that has `read(after, limit)`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from codedark.entries import Fact, Interpretation, Op, Payload, Problem, Site, Standing, Understood, draft_of, rank
from codedark.journal import Entry, Flag, Header
from codedark.views import Fold, Record, ViewStore

KEY = bytes(range(32))
START_US = 1_790_000_000_000_000
MINUTE = 60_000_000
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


def entry(position: int, kind: str, payload: bytes, *, source: str = "feed:EPIC", at: int | None = None) -> Entry:
    """An opened entry, one minute after the one before it."""
    header = Header(
        position=position,
        origin=bytes(16),
        previous=bytes(32),
        recorded_at_us=START_US + position * MINUTE if at is None else at,
        boot=bytes(16),
        sequence=position,
        clock_trusted=True,
        flags=Flag.NONE,
        epoch=bytes(16),
        kind=kind,
        version=1,
        audience="facility",
        source=source,
        length=len(payload),
    )
    return Entry(header, bytes(32), payload, None)


class Tape:
    """Entries in order, read as a journal is read."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def read(self, after: int, limit: int = 10_000) -> Sequence[Entry]:
        """Those after a position."""
        return self.entries[after + 1 : after + 1 + limit]

    def add(self, kind: str, payload: bytes, *, source: str = "feed:EPIC", at: int | None = None) -> Entry:
        """Append raw bytes."""
        self.entries.append(entry(len(self.entries), kind, payload, source=source, at=at))
        return self.entries[-1]

    def say(self, payload: Payload, *, source: str = "node", at: int | None = None) -> Entry:
        """Append a structured payload."""
        draft = draft_of(payload, source=source)
        return self.add(draft.kind, draft.payload, source=source, at=at)

    def facts(
        self,
        *facts: Fact,
        source: str = "feed:EPIC",
        topics: Iterable[str] = (),
        problems: Iterable[Problem] = (),
        at: int | None = None,
    ) -> Entry:
        """Append a clinical entry that `spoken` reads back as these facts."""
        said = [
            [
                each.path,
                each.op.value,
                each.type,
                each.id,
                each.patient,
                each.body,
                each.rank,
                each.claimed_at_us,
                list(each.cleared),
            ]
            for each in facts
        ]
        return self.add(
            "hl7.received",
            _ENCODER.encode([said_bytes(said), list(topics), _problems(problems)]),
            source=source,
            at=at,
        )


def _problems(problems: Iterable[Problem]) -> list[tuple[str, str, str, str | None, str]]:
    return [(each.path, each.reason, each.hint, each.patient, each.type) for each in problems]


def said_bytes(said: list[list[Any]]) -> list[list[Any]]:
    """JSON-able form: rank as hex."""
    return [[*row[:6], row[6].hex(), *row[7:]] for row in said]


def spoken(entry: Entry, site: Site) -> Interpretation:
    """Facts written by `Tape.facts` (an interpreter of the tests' own message format)."""
    said, topics, problems = _DECODER.decode(entry.payload)
    facts = tuple(
        Fact(path, Op(op), type_, id_, patient, body, bytes.fromhex(rank_), claimed, tuple(cleared))
        for path, op, type_, id_, patient, body, rank_, claimed, cleared in said
    )
    return Interpretation(
        facts,
        tuple(Problem(*problem) for problem in problems),
        Understood.FULL if facts and not problems else Understood.PART if facts else Understood.KEPT,
        "TEST",
        frozenset(topics),
    )


def fact(
    type_: str,
    id_: str,
    patient: str | None,
    body: dict[str, Any],
    at: int = 0,
    *,
    op: Op = Op.PATCH,
    path: str = "X[1]",
    standing: Standing = Standing.PLAIN,
    cleared: tuple[str, ...] = (),
    control: str = "",
) -> Fact:
    """A claim made `at` minutes after the start of the tape."""
    time = START_US + at * MINUTE
    return Fact(path, op, type_, id_, patient, body, rank(standing, time, 0, control or f"c{at}"), time, cleared)


def patient(id_: str, family: str, given: str = "Ada", mrn: str = "", at: int = 0, **more: Any) -> Fact:
    """A Patient claim."""
    body = {
        "name": [{"family": family, "given": [given]}],
        "birthDate": "1955-03-04",
        "gender": "female",
        "identifier": [{"type": {"coding": [{"code": "MR"}]}, "value": mrn or f"MRN-{id_}"}],
        **more,
    }
    return fact("Patient", id_, id_, body, at)


def stay(id_: str, patient_: str, where: str, at: int = 0, status: str = "in-progress", **more: Any) -> Fact:
    """An Encounter claim in "UNIT^ROOM^BED"."""
    body: dict[str, Any] = {"status": status, "class": {"code": "IMP"}, **more}
    if where:
        body["location"] = [{"location": {"identifier": {"value": where}}, "status": "active"}]
    return fact("Encounter", id_, patient_, body, at)


class Views:
    """A tape, its views, and the fold between them, in one folder."""

    def __init__(self, folder: Path, tape: Tape | None = None) -> None:
        self.tape = tape or Tape()
        self.store = ViewStore.open(folder, KEY)
        self.fold = Fold(self.tape, self.store, interpret=spoken)
        self.record = Record(self.store)

    def caught_up(self) -> Record:
        """The record after folding what is new."""
        self.fold.catch_up()
        return self.record
