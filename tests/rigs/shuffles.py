"""One corpus of messages as two feeds may bring it: shuffled, some twice, split between them; and what it folds to."""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from views_tape import KEY, Tape

from codedark.entries import ConfigSet, Interpretation, Site, interpret
from codedark.hl7 import split_batch
from codedark.journal import Entry
from codedark.views import Fold, Record, ViewStore, digest

Arrival = tuple[str, bytes]
"""(feed, message)."""
Seen = TypeVar("Seen")
_PLACE = re.compile(r"urn:codedark:entry:[0-9a-f]+/\d+")
NOT_MESSAGES = (".yml", ".yaml", ".csv", ".md", ".py", ".java", ".xml", ".json", "SOURCE.txt")


def as_sent(messages: Iterable[bytes]) -> list[Arrival]:
    """Each once, in order, on one feed."""
    return [("feed:ONE", message) for message in messages]


def as_it_came(messages: Sequence[bytes], chance: random.Random) -> list[Arrival]:
    """Shuffled, a third of them again, each time on one of two feeds."""
    said = [*messages, *(message for message in messages if chance.random() < 0.33)]
    chance.shuffle(said)
    return [(chance.choice(("feed:ONE", "feed:TWO")), message) for message in said]


def corpus_messages(corpus: Path) -> list[bytes]:
    """Every message of a folder of others' files."""
    files = sorted(path for path in corpus.rglob("*") if path.is_file() and not path.name.endswith(NOT_MESSAGES))
    return [part.raw for path in files for part in split_batch(path.read_bytes())]


def read_anywhere(entry: Entry, site: Site) -> Interpretation:
    """What an entry says, wherever it lies: the address of a file inside it is a position, and nothing else is."""
    meaning = interpret(entry, site)
    facts = tuple(msgspec.structs.replace(fact, body=_placeless(fact.body)) for fact in meaning.facts)
    return dataclasses.replace(meaning, facts=facts)


def read_by_arrival(entry: Entry, site: Site) -> Interpretation:
    """The control: as if the last to arrive won."""
    meaning = read_anywhere(entry, site)
    rank = entry.position.to_bytes(17, "big")
    return dataclasses.replace(meaning, facts=tuple(msgspec.structs.replace(fact, rank=rank) for fact in meaning.facts))


def _placeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _placeless(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_placeless(each) for each in value]
    return _PLACE.sub("urn:codedark:entry", value) if isinstance(value, str) else value


def folded(
    arrivals: Iterable[Arrival], folder: Path, *, read: Callable[[Entry, Site], Interpretation] = read_anywhere
) -> str:
    """The clinical digest of what arrived."""
    return _looked(arrivals, folder, read, digest)


def record_of(arrivals: Iterable[Arrival], folder: Path, look: Callable[[Record], Seen]) -> Seen:
    """What `look` sees in the record of what arrived."""
    return _looked(arrivals, folder, interpret, lambda store: look(Record(store)))


def _looked(
    arrivals: Iterable[Arrival],
    folder: Path,
    read: Callable[[Entry, Site], Interpretation],
    look: Callable[[ViewStore], Seen],
) -> Seen:
    tape = Tape()
    tape.say(ConfigSet(key="facility.zone", value="America/New_York"))
    tape.say(ConfigSet(key="facility.authority", value="ANNA"))
    for feed, message in arrivals:
        tape.add("hl7.received", message, source=feed)
    store = ViewStore.open(folder, KEY)
    try:
        Fold(tape, store, interpret=read).catch_up()
        return look(store)
    finally:
        store.close()
