"""Broken messages through the whole path: socket, journal, acknowledgment, meaning, views, charts.

Nothing may be lost: each frame that was sent is answered, and its bytes lie in the journal as they were sent (refused
ones as their beginning and length). Nothing may crash: no segment, entry or chart that *we* could not read.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from intake_rig import Client, feed, site
from journal_rig import reader
from views_tape import KEY

from codedark.entries import Interpretation, Refused, Site, interpret, payload_of
from codedark.hl7 import frame
from codedark.journal import Entry
from codedark.views import Fold, Record, ViewStore

AT_ONCE = 64
"""Frames on their way before their answers are read: senders that do not wait, and one sync for many."""
CHARTS = 40
_MARKS = re.compile(rb"[\x0b\x1c]")
_NUMBER = re.compile(rb"[0-9a-f]{8}-([0-9]+)")
_SETS = (
    "UNICODE UTF-8",
    "8859/1",
    "8859/7",
    "ISO IR87",
    "GB 18030-2000",
    "KS X 1001",
    "UNICODE UTF-16",
    "BIG-5",
    "x-none",
)
_CODECS = (
    "utf-8",
    "utf-8-sig",
    "latin-1",
    "cp1252",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "iso2022_jp",
    "gb18030",
)
_PIECES = (
    b"|", b"^", b"~", b"\\", b"&", b"\r", b"\n", b"\r\n", b"\x00", b"\xff", b'""', b"\\X0D\\", b"\\.sp99999\\",
    b"\\E\\",
    b"\\H\\", b"\\C2842\\", b"\\M2842\\", b"\rMSH|^~\\&|", b"\rPID|1||9^^^A^MR", b"\rZZZ|", b"-1", b"1e999", b"9" * 400,
    b"20260230", b"\xe2\x80\xae", b"\xed\xa0\x80", b"\x1b$B", b"^^^^^^^^", b"~~~~~~~~",
)  # fmt: skip


def mutants(seeds: Sequence[bytes], count: int, seed: str) -> Iterator[bytes]:
    """`count` changed copies, one to four changes each; the same seed gives the same bytes."""
    chance = Random(seed)
    for number in range(count):
        data = seeds[number % len(seeds)]
        for _ in range(chance.choice((1, 1, 1, 2, 2, 4))):
            data = chance.choice(_CHANGES)(data, chance, seeds)
        yield data


def _segments(data: bytes, chance: Random, seeds: Sequence[bytes]) -> bytes:
    """Drop, repeat, exchange or borrow a segment."""
    lines = data.split(b"\r")
    at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            del lines[at]
        case 1:
            lines.insert(other, lines[at])
        case 2:
            lines[at], lines[other] = lines[other], lines[at]
        case 3:
            lines.insert(at, chance.choice(chance.choice(seeds).split(b"\r")))
        case _:
            lines[at:at] = [lines[at]] * chance.choice((2, 40))
    return b"\r".join(lines)


def _fields(data: bytes, chance: Random, seeds: Sequence[bytes]) -> bytes:
    """The same one level down: fields, components, repetitions."""
    mark = chance.choice((b"|", b"|", b"^", b"~", b"&"))
    parts = data.split(mark)
    at, other = chance.randrange(len(parts)), chance.randrange(len(parts))
    match chance.randrange(4):
        case 0:
            parts[at] = b""
        case 1:
            parts.insert(at, parts[other])
        case 2:
            parts[at], parts[other] = parts[other], parts[at]
        case _:
            parts[at] = chance.choice(_PIECES)
    return mark.join(parts)


def _cut(data: bytes, chance: Random, seeds: Sequence[bytes]) -> bytes:
    at, until = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
    return data[:until] if chance.random() < 0.7 else data[:at] + data[until:]


def _flip(data: bytes, chance: Random, seeds: Sequence[bytes]) -> bytes:
    out = bytearray(data)
    for _ in range(chance.choice((1, 1, 3, 12)) if out else 0):
        out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    return bytes(out)


def _insert(data: bytes, chance: Random, seeds: Sequence[bytes]) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + chance.choice(_PIECES) + data[at + chance.choice((0, 0, 1, 3)) :]


def _declare(data: bytes, chance: Random, seeds: Sequence[bytes]) -> bytes:
    """Another MSH-18, whatever the bytes are in."""
    head, mark, rest = data.partition(b"\r")
    fields = [*head.split(b"|"), *[b""] * 18][:18]
    fields[17] = chance.choice(_SETS).encode()
    return b"|".join(fields) + mark + rest


def _encode(data: bytes, chance: Random, seeds: Sequence[bytes]) -> bytes:
    """Other bytes for the same text, whatever MSH-18 says."""
    return data.decode("utf-8", "replace").replace("OKAFOR", "岡本").encode(chance.choice(_CODECS), "replace")


_CHANGES: tuple[Callable[[bytes, Random, Sequence[bytes]], bytes], ...] = (
    _segments, _segments, _fields, _fields, _cut, _flip, _insert, _insert, _declare, _encode,
)  # fmt: skip


@dataclass
class Outcome:
    """What became of `sent` frames. `lost`: unanswered, answered for another entry, or not in the journal as sent;
    `crashed`: what we could not read, in words."""

    sent: int = 0
    received: int = 0
    refused: int = 0
    worklist: int = 0
    charts: int = 0
    understood: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    crashed: list[str] = field(default_factory=list)


def through(
    folder: Path, contents: Sequence[bytes], *, submit: Callable[..., object] | None = None,
    meaning: Callable[[Entry, Site], Interpretation] = interpret,
) -> Outcome:  # fmt: skip
    """Send every content as a frame, then fold what was kept and open charts. `submit(journal)`: for controls."""
    outcome = Outcome(sent=len(contents))
    answers = asyncio.run(_send(folder / "journal", contents, submit))
    _look_for_each(folder / "journal", contents, answers, outcome)
    _fold(folder, meaning, outcome)
    return outcome


async def _send(folder: Path, contents: Sequence[bytes], submit: Callable[..., object] | None) -> list[bytes | None]:
    """The answer to each; None for a content that is no one frame (it holds a frame's marks)."""
    folder.mkdir(parents=True)
    answers: list[bytes | None] = []
    async with site(folder, feed(connections_max=8)) as s:
        if submit is not None:
            for endpoint in s.listener._endpoints:
                endpoint.submit = submit(s.journal)
        client = await s.connect()
        plain = [content for content in contents if not _MARKS.search(content)]
        for start in range(0, len(plain), AT_ONCE):
            some = plain[start : start + AT_ONCE]
            await client.send(b"".join(map(frame, some)))
            answers += [await client.raw_answer() for _ in some]
        await client.close()
        for content in contents:
            if _MARKS.search(content):
                await _send_alone(await s.connect(), content)
    return answers


async def _send_alone(client: Client, content: bytes) -> None:
    """What holds marks of its own, and a good message behind it that must not be lost whatever stood before."""
    await client.send(frame(content) + b"\x1c\r" + frame(GOOD))
    while (answer := await client.raw_answer()) is not None:
        if b"AFTER-THE-STORM" in answer:
            break
    await client.close()


GOOD = b"MSH|^~\\&|GOOD||||20261123||ADT^A08|AFTER-THE-STORM|P|2.5.1\rPID|1||1^^^A^MR\r"


def _look_for_each(folder: Path, contents: Sequence[bytes], answers: list[bytes | None], outcome: Outcome) -> None:
    opened = reader(folder)
    entries = {entry.position: entry for entry in opened.read(-1, 10_000_000)}
    opened.close()
    kept, refused = set[bytes](), set[tuple[bytes, int]]()
    for entry in entries.values():
        if entry.kind == "hl7.received":
            kept.add(entry.payload)
            outcome.received += 1
        elif entry.kind == "hl7.refused" and isinstance(said := payload_of(entry), Refused):
            refused.add((said.prefix[:4096], said.length))
            outcome.refused += 1
    plain = [content for content in contents if not _MARKS.search(content)]
    for content, answer in zip(plain, answers, strict=True):
        if answer is None:
            outcome.lost.append(f"unanswered: {content[:80]!r}")
        elif content not in kept and (content[:4096], len(content)) not in refused:
            outcome.lost.append(f"not in the journal: {content[:80]!r}")
        elif (number := _NUMBER.search(answer)) and not _same(entries.get(int(number.group(1))), content):
            outcome.lost.append(f"answered for another entry: {content[:80]!r}")
    marked = [content for content in contents if _MARKS.search(content)]
    if marked and GOOD not in kept:
        outcome.lost.append("the good message after a broken frame")
    outcome.lost += [f"in pieces, and a piece is gone: {each[:80]!r}" for each in marked if _gone(each, kept, refused)]


def _same(entry: Entry | None, content: bytes) -> bool:
    return entry is not None and (entry.kind == "hl7.refused" or entry.payload == content)


def _gone(content: bytes, kept: set[bytes], refused: set[tuple[bytes, int]]) -> bool:
    """Whether the beginning of a content with marks in it is nowhere: neither whole, nor up to any of its marks."""
    ends = [m.start() for m in _MARKS.finditer(content)] + [len(content)]
    begin = len(content) - len(content.lstrip(b"\r\n\t \x00"))
    return not any(
        content[:end] in kept or (content[:end][:4096], end) in refused or not content[begin:end] for end in ends
    )


def _fold(folder: Path, meaning: Callable[[Entry, Site], Interpretation], outcome: Outcome) -> None:
    opened, store = reader(folder / "journal"), ViewStore.open(folder / "views", KEY)
    try:
        Fold(opened, store, interpret=meaning).catch_up()
        db = store.writer()
        outcome.understood.update(dict(db.execute("SELECT understood, count(*) FROM entry GROUP BY 1").fetchall()))
        reasons = db.execute("SELECT position, path, reason FROM worklist").fetchall()
        outcome.worklist = len(reasons)
        for position, path, reason in reasons:
            if reason.startswith(("could not be folded", "could not be read (")):
                outcome.crashed.append(f"entry {position} {path}: {reason}")
        _account(opened, db, outcome)
        record = Record(store)
        for (patient,) in db.execute("SELECT id FROM patient WHERE alive = 1 LIMIT ?", (CHARTS,)).fetchall():
            record.chart(patient)
            outcome.charts += 1
        record.worklist(1000, 0)
    finally:
        opened.close()
        store.close()


def _account(opened: object, db: object, outcome: Outcome) -> None:
    """Every clinical entry says something, or stands on the worklist, or is of a type that is kept by design."""
    silent = db.execute(  # type: ignore[attr-defined]
        "SELECT message_type, count(*) FROM entry WHERE claims = 0 AND position NOT IN (SELECT position FROM worklist)"
        " GROUP BY 1"
    ).fetchall()
    for kind, count in silent:
        if kind[:3] not in KEPT_BY_DESIGN:
            outcome.lost.append(f"{count} of type {kind!r} say nothing, and nobody is told")


KEPT_BY_DESIGN = frozenset(
    (
        *("DFT", "BAR", "MFN", "MFK", "MFQ", "ACK", "MCF", "NMD", "NMQ", "NMR", "PMU", "EAC", "EAN", "ESU", "SSU"),
        *("INU", "LSU", "QRY", "QBP", "QSB", "QVR", "QCN"),
    )
)
"""Billing, master files, equipment, queries: nothing in them is a patient's record."""
