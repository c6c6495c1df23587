"""The hospital's interface engine: real MLLP connections that wait for an acknowledgment before the next message.

Several connections per feed; all messages of one patient go down the same one, so their order is kept where it matters.
A message that is not answered, because the time ran out or the connection closed, is sent again with the same bytes,
as senders do. Only an answer whose MSA-2 names the message counts (HL7 v2.5.1, 2.9.2 and 2.9.3). A message that asks
for no answer (MSH-15 and MSH-16 NE or ER) gets none: nobody waits for it and nobody is promised anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from codedark.clock import Clock
from codedark.hl7 import Verdict, ack_code, peek

from .speech import Spoken

ACCEPTED = frozenset(("AA", "CA"))
_QUEUE = 64
_END = b"\x1c\r"
_LINE_END = re.compile(rb"[\r\n]")
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.05, 1.0


class Line(NamedTuple):
    """Where a feed is heard."""

    host: str
    port: int


class Answer(NamedTuple):
    """MSA-1 and MSA-2 of an acknowledgment."""

    code: str
    control_id: str


UNASKED = Answer("", "")
"""What stands for the answer of a message that asked for none."""


@dataclass(slots=True)
class Tally:
    """What became of the messages. `sent`: put on the wire at least once; `acknowledged`: answered AA or CA; `refused`:
    answered otherwise; `unasked`: asked for no answer; `resent`: sent again; `strays`: answers that named no message
    that was waiting; `unanswered`: given up after the sender's patience; `by_feed`: acknowledged per feed."""

    sent: int = 0
    acknowledged: int = 0
    refused: int = 0
    unasked: int = 0
    resent: int = 0
    strays: int = 0
    unanswered: list[Spoken] = field(default_factory=list)
    by_feed: dict[str, int] = field(default_factory=dict)


Answered = Callable[[Spoken, Answer], None]


class Sender:
    """Sends to the lines of the feeds. `connections`: per feed; `timeout_s`: for one answer; `patience_s`: for one
    message, all its resends together, after which it is given up as unanswered; `answered`: told of each answer."""

    def __init__(
        self,
        lines: Mapping[str, Line],
        *,
        connections: int = 4,
        timeout_s: float = 10.0,
        patience_s: float = 60.0,
        answered: Answered | None = None,
    ) -> None:
        self._lines = lines
        self._connections = connections
        self._timeout_s = timeout_s
        self._patience_s = patience_s
        self._answered = answered
        self.tally = Tally()

    async def send(self, messages: Iterable[Spoken]) -> Tally:
        """All of `messages` as fast as the wire takes them; returns when each is answered or given up."""
        return await self.send_paced(_at_once(messages))

    async def send_paced(self, messages: AsyncIterator[Spoken]) -> Tally:
        """All of `messages` as they come."""
        lanes: dict[tuple[str, int], _Lane] = {}
        async with asyncio.TaskGroup() as group:
            async for spoken in messages:
                key = (spoken.feed, lane_of(spoken.data, self._connections))
                lane = lanes.get(key)
                if lane is None:
                    lane = lanes[key] = _Lane(self, self._lines[spoken.feed])
                    group.create_task(lane.run())
                await lane.queue.put(spoken)
            for lane in lanes.values():
                await lane.queue.put(None)
        return self.tally

    @property
    def timeout_s(self) -> float:
        """Seconds to wait for one answer."""
        return self._timeout_s

    @property
    def patience_s(self) -> float:
        """Seconds to go on with one message."""
        return self._patience_s

    def settle(self, spoken: Spoken, answer: Answer | None) -> None:
        """Count what became of one message. `answer`: None when it was given up."""
        tally = self.tally
        tally.sent += 1
        if answer is None:
            tally.unanswered.append(spoken)
        elif answer is UNASKED:
            tally.unasked += 1
        elif answer.code in ACCEPTED:
            tally.acknowledged += 1
            tally.by_feed[spoken.feed] = tally.by_feed.get(spoken.feed, 0) + 1
        else:
            tally.refused += 1
        if answer is not None and self._answered is not None:
            self._answered(spoken, answer)


class _Lane:
    """One connection: one message at a time."""

    def __init__(self, sender: Sender, line: Line) -> None:
        self.queue: asyncio.Queue[Spoken | None] = asyncio.Queue(_QUEUE)
        self._sender = sender
        self._line = line
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def run(self) -> None:
        """Send what is queued, in order, until None."""
        try:
            while (spoken := await self.queue.get()) is not None:
                self._sender.settle(spoken, await self._exchange(spoken))
        finally:
            await self._hang_up()

    async def _exchange(self, spoken: Spoken) -> Answer | None:
        loop, control, wait = asyncio.get_running_loop(), wanted_answer(spoken.data), _FIRST_WAIT_S
        until, tries = loop.time() + self._sender.patience_s, 0
        while loop.time() < until:
            try:
                self._sender.tally.resent += 1 if tries else 0
                tries += 1
                return await asyncio.wait_for(self._once(spoken.data, control), self._sender.timeout_s)
            except (OSError, EOFError, TimeoutError):
                await self._hang_up()
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT_S)
        return None

    async def _once(self, data: bytes, control: str | None) -> Answer:
        if self._writer is None or self._reader is None:
            self._reader, self._writer = await asyncio.open_connection(self._line.host, self._line.port)
        self._writer.write(b"\x0b" + data + _END)
        await self._writer.drain()
        while control is not None:
            answer = answer_of(await self._reader.readuntil(_END))
            if answer.control_id == control or (answer.code not in ACCEPTED and not answer.control_id):
                return answer
            self._sender.tally.strays += 1
        return UNASKED

    async def _hang_up(self) -> None:
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()
        self._reader = self._writer = None


def control_id(data: bytes) -> str:
    """MSH-10 as the sender wrote it; "" when there is no MSH."""
    head = _LINE_END.split(data.removeprefix(b"\xef\xbb\xbf"), maxsplit=1)[0]
    fields = head.split(head[3:4], 10) if head[:3] == b"MSH" and len(head) > 3 else []
    return fields[9].decode("latin-1").strip() if len(fields) > 9 else ""


def wanted_answer(data: bytes) -> str | None:
    """The control id that an answer must name; None when the message asks for no answer to being kept."""
    header = peek(data)
    return None if header.readable and ack_code(header, Verdict.KEPT) is None else control_id(data)


def answer_of(reply: bytes) -> Answer:
    """The MSA of an acknowledgment frame; both parts "" when it has none."""
    for segment in reply.strip(b"\x0b\x1c\r").split(b"\r"):
        if segment.startswith(b"MSA") and len(segment) > 3:
            fields = segment.decode("latin-1").split(segment[3:4].decode("latin-1"))
            return Answer(fields[1] if len(fields) > 1 else "", fields[2].strip() if len(fields) > 2 else "")
    return Answer("", "")


def lane_of(data: bytes, connections: int) -> int:
    """Which connection a message takes: the same one for all messages of a patient (by PID-3)."""
    start = data.find(b"\rPID|")
    fields = data[start + 1 : start + 200].split(b"|", 4) if start >= 0 else []
    return zlib.crc32(fields[3]) % connections if len(fields) > 3 else 0


async def _at_once(messages: Iterable[Spoken]) -> AsyncIterator[Spoken]:
    for spoken in messages:
        yield spoken


async def at_real_rates(messages: Iterable[Spoken], clock: Clock, speed: float = 1.0) -> AsyncIterator[Spoken]:
    """`messages` when their sending time comes, `speed` times as fast as in life, beginning with the first one now."""
    began_us, first_us = clock.steady_us(), None
    for spoken in messages:
        first_us = spoken.at_us if first_us is None else first_us
        wait_us = (spoken.at_us - first_us) / speed - (clock.steady_us() - began_us)
        if wait_us > 0:
            await asyncio.sleep(wait_us / 1e6)
        yield spoken
