"""Kills a receiver under load, again and again, and asks afterwards: was anything lost that was acknowledged?

The sender keeps the only honest list: what it got AA or CA for. The moments of the kills are drawn from a seed, as
counts of acknowledgments, so that a slow machine is killed at the same places as a fast one.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from .sender import ACCEPTED, Answer, Line, Sender, Tally, control_id
from .speech import Spoken


class Receiver(Protocol):
    """What is killed and started again."""

    def start(self) -> None:
        """Start it; may return before it listens."""
        ...

    def kill(self) -> None:
        """End it as a crash would, at once."""
        ...


@dataclass(slots=True)
class Ordeal:
    """What the sender knows after the kills. `acknowledged`: control ids answered AA or CA; `kills`: how many came."""

    kills: int = 0
    acknowledged: set[str] = field(default_factory=set)
    tally: Tally = field(default_factory=Tally)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the record says about it. `lost`: acknowledged and not kept; `doubled`: kept more than once."""

    kept: int
    lost: frozenset[str]
    doubled: frozenset[str]

    @property
    def held(self) -> bool:
        """Nothing acknowledged was lost and nothing was kept twice."""
        return not self.lost and not self.doubled


def distinct(messages: Iterable[Spoken], count: int) -> list[Spoken]:
    """The first `count` messages that can be told apart by their control id."""
    found: dict[str, Spoken] = {}
    for spoken in messages:
        key = control_id(spoken.data)
        if key and key not in found:
            found[key] = spoken
        if len(found) == count:
            break
    return list(found.values())


def kill_under_load(
    receiver: Receiver, lines: Mapping[str, Line], messages: Sequence[Spoken], kills: int, chance: Random,
    *, patience_s: float = 120.0,
) -> Ordeal:  # fmt: skip
    """Send `messages` over eight connections a feed while the receiver is killed `kills` times and started again.

    `patience_s`: how long a message is offered before it is given up; it must outlast the kills.
    Returns when every message has been acknowledged, refused or given up; the receiver is running then.
    """
    return asyncio.run(_ordeal(receiver, lines, messages, kills, chance, patience_s))


async def _ordeal(
    receiver: Receiver, lines: Mapping[str, Line], messages: Sequence[Spoken], kills: int, chance: Random,
    patience_s: float,
) -> Ordeal:  # fmt: skip
    ordeal, answers = Ordeal(), 0
    moments = iter(sorted(chance.sample(range(1, max(kills + 1, len(messages) * 9 // 10)), kills)))
    due, moment = asyncio.Event(), next(moments, 0)

    def answered(spoken: Spoken, answer: Answer) -> None:
        """Count an answer; at its number the node is killed."""
        nonlocal answers
        if answer.code in ACCEPTED:
            ordeal.acknowledged.add(answer.control_id)
        answers += 1
        if moment and answers >= moment:
            due.set()

    sender = Sender(lines, connections=8, timeout_s=5.0, patience_s=patience_s, answered=answered)
    receiver.start()
    sending = asyncio.create_task(sender.send(messages))
    while moment:
        await due.wait()
        receiver.kill()
        ordeal.kills += 1
        moment = next(moments, 0)
        due.clear()
        if moment and answers >= moment:
            due.set()
        receiver.start()
    ordeal.tally = await sending
    return ordeal


def judge(acknowledged: Iterable[str], kept: Iterable[str]) -> Verdict:
    """Hold what the sender was promised against what the record holds; both as control ids."""
    counts = Counter(kept)
    return Verdict(
        sum(counts.values()),
        frozenset(one for one in acknowledged if one not in counts),
        frozenset(one for one, count in counts.items() if count > 1),
    )
