"""A journal of any size, made quickly: synthetic messages appended as the listener would append them, without a socket.

Benches need records of a year as well as of a morning. The messages are those of the load (`bench_mllp`) for many
patients; half of the control ids count upwards, as senders' do, half are random: the worst that can happen to an index.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from codedark.entries import Draft, Once
from codedark.node import open_node

from .bench_mllp import message

COUNTING, RANDOM = "adt", "lab"
"""The feeds whose control ids count upwards, and are random."""
_AT_ONCE = 1_000
_PATIENTS = 4_000

Compose = Callable[[bytes, int], bytes]
"""From a control id and a number to the bytes of a message."""


def small(control_id: bytes, number: int) -> bytes:
    """About 130 bytes: one vital sign."""
    return (
        b"MSH|^~\\&|EHR|WATERBURY|CODEDARK|WATERBURY|20261124||ORU^R01|%b|P|2.5.1\r"
        b"PID|||%d^^^WTB^MR\rOBX|1|NM|8867-4^HR^LN||%d|/min|||||F\r"
        % (control_id, 1_000_000 + number % _PATIENTS, 60 + number % 60)
    )


def whole(control_id: bytes, number: int) -> bytes:
    """672 bytes: the message of the load."""
    return message(control_id, 1_000_000 + number % _PATIENTS)


def control_ids(feed: str, first: int = 0) -> Iterator[bytes]:
    """Control ids of a feed, without end."""
    chance = random.Random(first)
    while True:
        yield b"%d" % first if feed == COUNTING else b"%032x" % chance.getrandbits(128)
        first += 1


def fill(folder: Path, entries: int, compose: Compose = whole) -> int:
    """Append to the node in `folder`, which must not be running, until it holds so many entries; how many it holds."""
    with open_node(folder) as node:
        reader = node.reader()
        held = reader.total()
        reader.close()
        drafts = _drafts(held, compose)
        for start in range(held, entries, _AT_ONCE):
            node.pen.append_all(list(islice(drafts, min(_AT_ONCE, entries - start))))
    return max(held, entries)


def _drafts(first: int, compose: Compose) -> Iterator[Draft]:
    feeds = [(feed, control_ids(feed, first)) for feed in (COUNTING, RANDOM)]
    number = first
    while True:
        for feed, ids in feeds:
            control_id = next(ids)
            once = Once(f"{feed}\x1fEHR\x1fWATERBURY", control_id.decode("ascii"))
            yield Draft("hl7.received", 1, f"feed:{feed}", compose(control_id, number), once=once)
            number += 1
