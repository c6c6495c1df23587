"""A journal in a folder, with seeded time and chance and real keys."""

from __future__ import annotations

from pathlib import Path

import pyrage

from codedark.clock import SeededChance, SeededClock
from codedark.journal import (
    Audience,
    Draft,
    EpochKeys,
    Journal,
    JournalReader,
    Lane,
    NoteSigner,
    Once,
    OriginStatement,
    SealingKeys,
)

IDENTITY = pyrage.x25519.Identity.generate()
SEED = bytes(range(32))


def sealing_keys(seed: bytes = SEED) -> SealingKeys:
    recipient = str(IDENTITY.to_public())
    return SealingKeys(dict.fromkeys(Audience, (recipient,)), seed, b"m" * 32)


def statement(seed: bytes = SEED, nonce: bytes = b"n" * 16, cites: str = "none") -> OriginStatement:
    return OriginStatement("waterbury", "node-1", NoteSigner("x", seed).public_key, 1_790_000_000_000_000, nonce, cites)


def new_journal(folder: Path, *, threaded: bool = False, clock: SeededClock | None = None, **more) -> Journal:
    return Journal.create(
        folder, statement(), sealing_keys(), clock or SeededClock(), SeededChance(7), threaded=threaded, **more
    )


def reopen(folder: Path, *, threaded: bool = False, clock: SeededClock | None = None, **more) -> Journal:
    return Journal.open(
        folder, sealing_keys(), clock or SeededClock(), SeededChance("again"), threaded=threaded, **more
    )


def reader(folder: Path) -> JournalReader:
    return JournalReader.open(folder, EpochKeys(folder / "epochs", [str(IDENTITY)]))


def hl7(number: int, body: bytes | None = None, feed: str = "adt") -> Draft:
    payload = body if body is not None else b"MSH|^~\\&|A|B|C|D|||ADT^A01|%d|P|2.5.1\rPID|||%d\r" % (number, number)
    return Draft("hl7.received", 1, f"feed:{feed}", payload, once=Once(f"{feed}\x1fA\x1fB", str(number)))


def deed(text: bytes = b"dose given") -> Draft:
    return Draft("form.filled", 1, "person:p1", text, lane=Lane.PERSON)
